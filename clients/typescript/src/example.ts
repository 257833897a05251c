// Prints an answer as it arrives, then why its model was chosen: npm run example -- "Write hello world in Go"

import { ExecuteStreamRequest } from "../gen/ymera/v1/ymera.js";
import { after, connect, events, prompt } from "./client.js";

const question = process.argv.slice(2).join(" ") || "Write hello world in TypeScript";
const { ymera } = connect(process.env.YMERA_ADDRESS ?? "127.0.0.1:50051");
const request = ExecuteStreamRequest.create({ prompt: prompt(question) });

let why = "";
for await (const { event } of events(ymera.executeStream(request, { deadline: after(60) }))) {
  if (event?.$case === "started") why = event.value.decision?.explanation ?? "";
  if (event?.$case === "textDelta") process.stdout.write(event.value.text);
  if (event?.$case === "completed") console.log(`\n\n${why}`);
}
ymera.close();
