// Gives one file over plain HTTP, as small as Node makes it: what transfers are compared with.
// usage: node plain-server.mjs FILE; prints its port
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream';

const file = process.argv[2];
const server = createServer((_request, response) => {
  response.setHeader('content-length', statSync(file).size);
  pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), response, () => undefined);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
