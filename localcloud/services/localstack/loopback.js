// kinesis-local listens on every address and has no setting for it: here it gets loopback alone.
"use strict";
const net = require("net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (options, ...rest) {
  if (options !== null && typeof options === "object" && "port" in options) {
    return listen.call(this, { ...options, host: "127.0.0.1" }, ...rest);
  }
  const callback = rest.find((argument) => typeof argument === "function");
  return listen.call(this, { port: Number(options), host: "127.0.0.1" }, callback);
};
