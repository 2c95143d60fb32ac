// Which names MLCC's glob library finds: a JSON list of [name, pattern] on stdin, of booleans out.
//
//   node match_globs.mjs FOLDER_OF_NODE_MODULES

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { minimatch } = require("minimatch");

const cases = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(cases.map(([name, pattern]) => minimatch(name, pattern))));
