"""HTTP for any vendor: sessions, signatures, pages and their decoding."""
