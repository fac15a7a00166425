// A receiver of webhooks against the generated types and the verification that docs/webhooks.md shows; it must pass
// the strict compiler.
import { createServer } from "node:http";
import type { components } from "./schema";
import { isVerified, listen } from "./shown";

type Schemas = components["schemas"];
type Known = Schemas["ComplaintResolvedEvent"] | Schemas["CustomerLeftEvent"] | Schemas["ComplaintTransferredEvent"];

export function sentence(event: Known): string {
  switch (event.type) {
    case "complaint.resolved":
      return `${event.data.id} is ${event.data.state ?? "resolved"}, version ${event.data.version ?? "unknown"}`;
    case "complaint.transferred":
      return `${event.data.id} went to ${event.data.to_customer_id ?? "nobody"}`;
    case "customer.left":
      return `${event.data.customer_id ?? event.data.id} has left at ${event.timestamp}`;
  }
}

export const receiver = createServer(async (request, answer) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString("utf8");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  if (!isVerified(process.env.WEBHOOK_SECRET ?? "", headers, body)) {
    answer.writeHead(401).end();
    return;
  }
  console.log(sentence(JSON.parse(body) as Known));
  answer.writeHead(204).end();
});

export const listening = (key: string): Promise<void> =>
  listen("https://vefa.example/v1/events/stream", key, (event) => console.log(sentence(event as Known)));
