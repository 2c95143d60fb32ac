// One conversation of the TypeScript SDK's client with a server over stdio.
//
//   node client.mjs FOLDER_OF_NODE_MODULES SERVER...
//
// Reads a JSON list of {name, arguments} from stdin, lists the tools as every host does first
// (the client then checks answers against the output schemas), makes the calls and prints
// {server, instructions, tools, answers, progress, beside}; an answer that the client hides behind
// an exception is {thrown}. `progress` is what each call reported before its answer, `beside` what a
// server has beside tools, if it completes, too.

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [folder, command, ...args] = process.argv.slice(2);
const require = createRequire(`${folder}/`);
const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");

const calls = JSON.parse(await text(process.stdin));
const client = new Client({ name: "interop", version: "1.0.0" });
const transport = new StdioClientTransport({
  command,
  args,
  env: process.env,
  cwd: process.cwd(),
  stderr: "ignore",
});
await client.connect(transport);
const { tools } = await client.listTools();
const answers = [];
const progress = [];
for (const call of calls) {
  const seen = [];
  const onprogress = (report) => seen.push(report.progress);
  try {
    answers.push(await client.callTool(call, undefined, { onprogress }));
  } catch (error) {
    answers.push({ thrown: String(error) });
  }
  progress.push(seen);
}
const beside = client.getServerCapabilities().completions ? await look() : {};
const said = {
  server: client.getServerVersion(),
  instructions: client.getInstructions(),
  tools,
  answers,
  progress,
  beside,
};
await client.close();
process.stdout.write(JSON.stringify(said));

async function look() {
  const { resources } = await client.listResources();
  const { resourceTemplates } = await client.listResourceTemplates();
  const { prompts } = await client.listPrompts();
  return {
    resources,
    resourceTemplates,
    prompts,
    read: await client.readResource({ uri: resources[0].uri }),
    absent: await client.readResource({ uri: "registry://deployments/0" }).catch((error) => ({
      code: error.code,
      message: error.message,
      data: error.data,
    })),
    prompt: await client.getPrompt({
      name: "roll_out_adapter",
      arguments: { project: "support-bot" },
    }),
    completed: await client.complete({
      ref: { type: "ref/prompt", name: "roll_out_adapter" },
      argument: { name: "adapter", value: "f" },
      context: { arguments: { project: "support-bot" } },
    }),
  };
}
