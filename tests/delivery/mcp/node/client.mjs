// The TypeScript SDK's client, at a URL with a token: prints what it got as one line of JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [kind, url] = process.argv.slice(2);
const requestInit = { headers: { Authorization: `Bearer ${process.env.MCP_TOKEN}` } };
const Transport = kind === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
const transport = new Transport(new URL(url), { requestInit });
const client = new Client({ name: "test", version: "1.0.0" });

try {
    await client.connect(transport);
    const { tools } = await client.listTools();
    const echoed = await client.callTool({ name: "echo", arguments: { message: process.env.MESSAGE } });
    const steps = [];
    const long = { name: "trigger-long-running-operation", arguments: { duration: 0.4, steps: 4 } };
    await client.callTool(long, undefined, { onprogress: ({ progress }) => steps.push(progress) });
    await transport.terminateSession?.();
    await client.close();
    console.log(JSON.stringify({ tools: tools.map(({ name }) => name), echoed: echoed.content[0].text, steps }));
    process.exit(0);
} catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
    process.exit(1);
}
