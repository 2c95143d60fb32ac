// Templates of MLCC as its generator would write them: EJS, as its own library renders it.
//
//   node render.mjs FOLDER_OF_NODE_MODULES
//
// Reads {templates: [path, ...], variables} from stdin and prints the list of texts.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const ejs = require("ejs");

const { templates, variables } = JSON.parse(await text(process.stdin));
const texts = templates.map((path) => ejs.render(readFileSync(path, "utf-8"), variables));
process.stdout.write(JSON.stringify(texts));
