// A program against the generated types; it must pass the strict compiler.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : never;
type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Members } } }
  ? NonNullable<Members>
  : never;

// Members with a default may be left out.
export const complaint: Schemas["ComplaintCreate"] = {
  customer: { system: "crm", key: "C-000001" },
  subject: "The lamp flickers",
};
export const sale: Schemas["TransactionCreate"] = {
  customer: { system: "crm", key: "C-000001" },
  external_id: "R-000418",
  kind: "purchase",
  amount: { amount: "250.00", currency: "TRY" },
  occurred_at: "2026-11-23T09:30:00Z",
};
export const wanted: Query<"/v1/customers"> = { q: "isik" };

async function read<Body>(path: string, key: string): Promise<Body> {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) {
    const problem = (await answer.json()) as Schemas["Problem"];
    throw new Error(`${problem.code}: ${problem.detail ?? problem.title}`);
  }
  return (await answer.json()) as Body;
}

export async function show(key: string): Promise<string> {
  const shown = await read<Answer<"/v1/screen-pop">>("/v1/screen-pop?phone=05321234567", key);
  if (shown.customer === null) return shown.match;
  const whole = await read<Answer<"/v1/customers/{customer_id}/overview">>(
    `/v1/customers/${shown.customer.id}/overview`,
    key,
  );
  const reasons = whole.churn?.reasons.map((reason) => reason.sentence) ?? [];
  const value: string = whole.value?.amount ?? "0.00";
  return [whole.name ?? "", value, ...reasons].join("\n");
}
