"""The ways in which secrets reach an upstream: the egress proxy, and later the MCP and LLM gateways."""
