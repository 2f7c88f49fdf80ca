"""What every test run needs, units and integration alike."""

import signal

# A background job of a shell (`make test &`) is born with Ctrl-C ignored, and its children inherit
# that; the tests that interrupt a program would then wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)
