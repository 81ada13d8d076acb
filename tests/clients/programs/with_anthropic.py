"""The anthropic client: the key from ANTHROPIC_API_KEY, as its documentation shows."""

import sys

import anthropic

client = anthropic.Anthropic(base_url=sys.argv[1], max_retries=0, timeout=20)
message = client.messages.create(
    model="any", max_tokens=10, messages=[{"role": "user", "content": "What did I send you?"}]
)
print("".join(block.text for block in message.content if block.type == "text"))
