// A server with all that the protocol's conformance suite asks for, on the TypeScript SDK. It wants the token of TOKEN.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import * as types from "@modelcontextprotocol/sdk/types.js";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
const text = (said) => ({ type: "text", text: said });
const image = { type: "image", data: PNG, mimeType: "image/png" };
const embedded = (uri, mimeType, said) => ({ type: "resource", resource: { uri, mimeType, text: said } });
const object = (properties = {}, required = []) => ({ type: "object", properties, required });
const titled = (...values) => values.map((value) => ({ const: value, title: `Title of ${value}` }));

const DEFAULTS = object({
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
});
const OPTIONS = ["option1", "option2", "option3"];
const VALUES = titled("value1", "value2", "value3");
const ENUMS = object({
    untitledSingle: { type: "string", enum: OPTIONS },
    titledSingle: { type: "string", oneOf: VALUES },
    legacyEnum: { type: "string", enum: ["opt1", "opt2", "opt3"], enumNames: ["One", "Two", "Three"] },
    untitledMulti: { type: "array", items: { type: "string", enum: OPTIONS } },
    titledMulti: { type: "array", items: { anyOf: VALUES } },
});
const USER = object({ username: { type: "string" }, email: { type: "string" } }, ["username", "email"]);

async function elicited(extra, message, requestedSchema) {
    const params = { mode: "form", message, requestedSchema };
    const { action, content } = await extra.sendRequest({ method: "elicitation/create", params }, types.ElicitResultSchema);
    return [text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`)];
}

const TOOLS = {
    test_simple_text: () => [text("This is a simple text response for testing.")],
    test_image_content: () => [image],
    test_audio_content: () => [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
    test_embedded_resource: () => [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
    test_multiple_content_types: () => [
        text("Multiple content types test:"),
        image,
        embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
    test_tool_with_logging: async (_, extra) => {
        for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
            await extra.sendNotification({ method: "notifications/message", params: { level: "info", data } });
            await wait(50);
        }
        return [text("logged")];
    },
    test_tool_with_progress: async (_, extra) => {
        const progressToken = extra._meta?.progressToken;
        for (const progress of [0, 50, 100]) {
            const params = { progressToken, progress, total: 100 };
            if (progressToken !== undefined) await extra.sendNotification({ method: "notifications/progress", params });
            await wait(50);
        }
        return [text("done")];
    },
    test_sampling: async ({ prompt }, extra) => {
        const params = { messages: [{ role: "user", content: text(prompt) }], maxTokens: 100 };
        const got = await extra.sendRequest({ method: "sampling/createMessage", params }, types.CreateMessageResultSchema);
        return [text(`LLM response: ${got.content.text}`)];
    },
    test_elicitation: ({ message }, extra) => elicited(extra, message, USER),
    test_elicitation_sep1034_defaults: (_, extra) => elicited(extra, "defaults", DEFAULTS),
    test_elicitation_sep1330_enums: (_, extra) => elicited(extra, "enums", ENUMS),
    test_error_handling: () => {
        throw new Error("This tool intentionally returns an error for testing");
    },
};
const RESOURCES = {
    "test://static-text": { mimeType: "text/plain", text: "This is the content of the static text resource." },
    "test://static-binary": { mimeType: "image/png", blob: PNG },
    "test://watched-resource": { mimeType: "text/plain", text: "watched" },
};
const PROMPTS = {
    test_simple_prompt: () => [text("This is a simple prompt for testing.")],
    test_prompt_with_arguments: ({ arg1, arg2 }) => [text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    test_prompt_with_embedded_resource: ({ resourceUri }) => [
        embedded(resourceUri, "text/plain", "Embedded resource content for testing."),
        text("Please process the embedded resource above."),
    ],
    test_prompt_with_image: () => [image, text("Please analyze the image above.")],
};
const ARGUMENTS = { test_prompt_with_arguments: ["arg1", "arg2"], test_prompt_with_embedded_resource: ["resourceUri"] };

function conforming() {
    const capabilities = {
        tools: {},
        prompts: {},
        resources: { subscribe: true },
        logging: {},
        completions: {},
    };
    const server = new Server({ name: "conforming", version: "1.0.0" }, { capabilities });
    const on = (schema, handler) => server.setRequestHandler(schema, handler);
    on(types.ListToolsRequestSchema, () => ({
        tools: Object.keys(TOOLS).map((name) => ({ name, description: name, inputSchema: object() })),
    }));
    on(types.CallToolRequestSchema, async ({ params }, extra) => {
        try {
            return { content: await TOOLS[params.name](params.arguments ?? {}, extra) };
        } catch (error) {
            return { content: [text(error.message)], isError: true };
        }
    });
    on(types.ListResourcesRequestSchema, () => ({
        resources: Object.entries(RESOURCES).map(([uri, { mimeType }]) => ({ uri, name: uri, description: uri, mimeType })),
    }));
    on(types.ListResourceTemplatesRequestSchema, () => ({
        resourceTemplates: [{ uriTemplate: "test://template/{id}/data", name: "template", mimeType: "application/json" }],
    }));
    on(types.ReadResourceRequestSchema, ({ params: { uri } }) => {
        const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
        const said = { mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) };
        return { contents: [{ uri, ...(id ? said : RESOURCES[uri]) }] };
    });
    on(types.SubscribeRequestSchema, () => ({}));
    on(types.UnsubscribeRequestSchema, () => ({}));
    on(types.ListPromptsRequestSchema, () => ({
        prompts: Object.keys(PROMPTS).map((name) => ({
            name,
            description: name,
            arguments: (ARGUMENTS[name] ?? []).map((each) => ({ name: each, description: each, required: true })),
        })),
    }));
    on(types.GetPromptRequestSchema, ({ params: { name, arguments: given } }) => ({
        messages: PROMPTS[name](given ?? {}).map((content) => ({ role: "user", content })),
    }));
    on(types.CompleteRequestSchema, () => ({ completion: { values: ["one", "two"], total: 2, hasMore: false } }));
    on(types.SetLevelRequestSchema, () => ({}));
    return server;
}

const transports = new Map();

async function transportOf(request) {
    const known = transports.get(request.headers["mcp-session-id"]);
    if (known) return known;
    const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => transports.set(id, transport),
    });
    await conforming().connect(transport);
    return transport;
}

const listening = createServer(async (request, response) => {
    if (request.headers.authorization !== `Bearer ${process.env.TOKEN}`) {
        response.writeHead(401, { "WWW-Authenticate": "Bearer" }).end();
        return;
    }
    await (await transportOf(request)).handleRequest(request, response);
});
listening.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: listening.address().port })));
