"""The daemon and its command line: watching, decoding, the way of one photo, output."""
