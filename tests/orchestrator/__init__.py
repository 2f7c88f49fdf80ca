"""Unit tests of training: the library without Mage, then Mage's blocks loaded by path."""
