"""Everything that touches the network: sessions, signatures, pages and their decoding."""
