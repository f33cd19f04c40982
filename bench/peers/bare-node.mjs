// The least that serves a model: `node:http`, JSON.parse, one `run` of onnxruntime-node for each request, in this process.
// Arguments: the model's file, its input's name, and the name of the output that it answers with.
import { createServer } from 'node:http';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [file, input, output] = process.argv.slice(2);
const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const row = JSON.parse(Buffer.concat(chunks).toString());
    const values = Float32Array.from(Array.isArray(row[input]) ? row[input] : Object.values(row));
    const outputs = await session.run({ [input]: new Tensor('float32', values, [1, values.length]) });
    const body = JSON.stringify({ result: Array.from(outputs[output].data, Number) });
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  });
});

server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
process.on('SIGTERM', () => process.exit(0));
