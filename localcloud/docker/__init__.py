"""The same stack in Docker, from this machine; and what it needs beside LocalStack."""
