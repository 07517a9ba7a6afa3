"""What all live sources share."""
