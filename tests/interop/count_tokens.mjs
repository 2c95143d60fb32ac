// The number of o200k tokens of each text of a JSON list on stdin.
//
//   node count_tokens.mjs FOLDER_OF_NODE_MODULES

import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(`${process.argv[2]}/`);
const { countTokens } = require("gpt-tokenizer/encoding/o200k_base");

const texts = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(texts.map((each) => countTokens(each))));
