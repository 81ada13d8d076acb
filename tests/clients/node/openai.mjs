// The openai client: the key from OPENAI_API_KEY, as its documentation shows.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, maxRetries: 0 });
const chat = await client.chat.completions.create({ model: "any", messages: [{ role: "user", content: "Well?" }] });
console.log(chat.choices[0].message.content);
