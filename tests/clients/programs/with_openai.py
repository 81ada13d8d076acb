"""The openai client: the key from OPENAI_API_KEY, as its documentation shows."""

import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", max_retries=0, timeout=20)
chat = client.chat.completions.create(model="any", messages=[{"role": "user", "content": "What did I send you?"}])
print(chat.choices[0].message.content)
