// Loaded into MLCC before it starts: halts it between reading the registry and writing it, where
// a slow disk or a busy machine may halt it, until the file that HELD_UNTIL names is there.
const fs = require("node:fs");
const write = fs.writeFileSync;
const clock = new Int32Array(new SharedArrayBuffer(4));

fs.writeFileSync = (path, ...rest) => {
  if (String(path).endsWith("registry.json")) {
    fs.writeSync(2, "about to write\n");
    while (!fs.existsSync(process.env.HELD_UNTIL)) Atomics.wait(clock, 0, 0, 10);
  }
  return write(path, ...rest);
};
require("node:module").syncBuiltinESMExports();
