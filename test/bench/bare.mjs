// The floor: a bare node:http process that sends the requests of its first argument, one after the other.
import { request } from "node:http";

const { url, requests } = JSON.parse(process.argv[2]);
for (const { method, path, headers, body } of requests) {
  await new Promise((done, failed) => {
    const sent = request(url + path, { method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? done(text) : failed(new Error(`${path}: ${answer.statusCode}`)),
      );
    });
    sent.on("error", failed);
    sent.end(body);
  });
}
