"""`make bench-llm`: the LLM gateway beside a direct connection and LiteLLM's proxy."""
