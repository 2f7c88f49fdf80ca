"""One release of one environment: build once, promote by digest, prove it, or go back."""
