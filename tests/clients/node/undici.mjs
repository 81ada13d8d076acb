// undici, which looks at the variables where it is told to: EnvHttpProxyAgent.
import { EnvHttpProxyAgent, request } from "undici";

const reply = await request(process.argv[2], {
  headers: { authorization: `Bearer ${process.env.TOKEN}` },
  dispatcher: new EnvHttpProxyAgent(),
});
console.log(await reply.body.text());
process.exit(reply.statusCode === 200 ? 0 : 1);
