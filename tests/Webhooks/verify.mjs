// Checks requests with a library for Standard Webhooks that is not ours. Reads a file with one request a line, {secret, headers, body} with the body in base64;
// says of each "taken" with its type, or why not. With {secret, id, timestamp, sign} it says how the library signs that text.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

for (const line of readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean)) {
  const { secret, headers, body, id, timestamp, sign } = JSON.parse(line);
  try {
    const webhook = new Webhook(secret);
    console.log(
      sign === undefined
        ? `taken ${webhook.verify(Buffer.from(body, "base64"), headers).type}`
        : webhook.sign(id, new Date(timestamp * 1000), sign),
    );
  } catch (error) {
    console.log(error.message);
  }
}
