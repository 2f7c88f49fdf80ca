"""The local cloud: emulator, servers, Lambda host and event source mapping on loopback."""
