// docker-modem loads ssh2 at its start, which takes longer than the rest of it and is needed only for ssh:// addresses.
exports.Client = class {
  constructor(...args) {
    const { Client } = require("../node_modules/ssh2/lib/index.js");
    // biome-ignore lint/correctness/noConstructorReturn: stands for the class itself, which is loaded only here.
    return new Client(...args);
  }
};
