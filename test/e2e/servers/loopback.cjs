// Preloaded (`node --require`) where a server gives no other way to bind
// loopback alone, which `takeover` asks for. The server's own files stay as
// they were published.
const { Server } = require('node:net');

const listen = Server.prototype.listen;
Server.prototype.listen = function (first, ...rest) {
  if (typeof first === 'number' || typeof first === 'string') return listen.call(this, { port: Number(first), host: '127.0.0.1' }, ...rest);
  if (first !== null && typeof first === 'object' && 'port' in first) return listen.call(this, { ...first, host: '127.0.0.1' }, ...rest);
  return listen.call(this, first, ...rest);
};
