// The Anthropic client: the key from ANTHROPIC_API_KEY, as its documentation shows.
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: process.argv[2], maxRetries: 0 });
const asked = { model: "any", max_tokens: 10, messages: [{ role: "user", content: "Well?" }] };
const message = await client.messages.create(asked);
console.log(message.content[0].text);
