"""How fast the proxy is, beside a direct connection and mitmproxy: `make bench`."""
