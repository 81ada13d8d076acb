// Loaded before a server that binds to every address whatever it is told: it gets loopback, a free port, and says which.
const net = require("node:net");

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function () {
    this.once("listening", () => process.stdout.write(`${JSON.stringify({ port: this.address().port })}\n`));
    return listen.call(this, 0, "127.0.0.1");
};
