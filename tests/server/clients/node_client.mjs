// Uses of OpenAI's client for Node, as programs have them.
//
// Run from a folder that has it installed, with OPENAI_BASE_URL and OPENAI_API_KEY; tells as JSON
// what became of each use: null, or why it failed.

import assert from "node:assert/strict";
import OpenAI from "openai";

const MODEL = "gpt-4o";
const PRICES = { AAPL: "228.87", MSFT: "417.14" };
const TOOL = {
  type: "function",
  function: {
    name: "get_stock_price",
    description: "Return the price of a share.",
    parameters: {
      type: "object",
      properties: { symbol: { type: "string" } },
      required: ["symbol"],
    },
  },
};

const client = new OpenAI({ maxRetries: 0, timeout: 20_000 });
const { assistants, threads } = client.beta;
const version = (await import("openai/version")).VERSION;

// The fourth generation takes ids in their order in the path, later ones the other ids by name.
const positional = version.startsWith("4.");

const within = (thread, run) => (positional ? [thread, run] : [run, { thread_id: thread }]);

const uses = {
  async a_run_is_polled_to_its_answer() {
    const thread = await begun("echo Hello, world");

    const run = await threads.runs.createAndPoll(thread, { assistant_id: await assistant() });

    assert.equal(run.status, "completed");
    assert.ok(run.usage.total_tokens > 0);
    assert.equal(await saidLast(thread), "Hello, world");
  },

  async a_thread_begins_with_its_run() {
    const run = await threads.createAndRunPoll({
      assistant_id: await assistant(),
      thread: { messages: [{ role: "user", content: "echo Begun" }] },
    });

    assert.equal(run.status, "completed");
    assert.equal(await saidLast(run.thread_id), "Begun");
  },

  async a_run_is_streamed_to_listeners() {
    const thread = await begun("count to 30");
    const pieces = [];
    const done = [];

    const stream = threads.runs
      .stream(thread, { assistant_id: await assistant() })
      .on("textDelta", (delta) => pieces.push(delta.value ?? ""))
      .on("textDone", (text) => done.push(text.value));
    const [message] = await stream.finalMessages();
    const run = await stream.finalRun();
    const steps = await stream.finalRunSteps();

    assert.equal(run.status, "completed");
    assert.equal(message.content[0].text.value, pieces.join(""));
    assert.deepEqual(done, [pieces.join("")]);
    assert.ok(done[0].endsWith("29, 30."));
    assert.deepEqual(steps.map((step) => step.type), ["message_creation"]);
  },

  async a_run_is_read_event_by_event() {
    const thread = await begun("echo Hi");
    const asked = { assistant_id: await assistant(), stream: true };
    const names = [];

    for await (const event of await threads.runs.create(thread, asked)) {
      names.push(event.event.replace("thread.", ""));
    }

    assert.deepEqual(names.slice(0, 3), ["run.created", "run.queued", "run.in_progress"]);
    assert.ok(names.includes("message.delta"));
    assert.deepEqual(names.slice(-3, -1), ["message.completed", "run.step.completed"]);
    assert.equal(names.filter((name) => name !== "done").at(-1), "run.completed");
  },

  async functions_of_a_polled_run_are_called() {
    const thread = await begun("Compare Apple and Microsoft");
    const asking = await threads.runs.createAndPoll(thread, {
      assistant_id: await assistant({ tools: [TOOL] }),
    });
    assert.equal(asking.status, "requires_action");

    const outputs = { tool_outputs: outputsFor(asking) };
    const run = positional
      ? await threads.runs.submitToolOutputsAndPoll(thread, asking.id, outputs)
      : await threads.runs.submitToolOutputsAndPoll(asking.id, { thread_id: thread, ...outputs });

    assert.equal(run.status, "completed");
    const answer = await saidLast(thread);
    assert.ok(Object.values(PRICES).every((price) => answer.includes(price)), answer);
    const steps = await threads.runs.steps.list(...within(thread, run.id));
    const [said, called] = steps.data;
    assert.deepEqual([said.type, called.type], ["message_creation", "tool_calls"]);
    const given = called.step_details.tool_calls.map((call) => call.function.output);
    assert.deepEqual(given, Object.values(PRICES));
  },

  async functions_are_called_from_within_a_stream() {
    const thread = await begun("What is Apple trading at?");
    const called = [];
    let answer = "";

    const stream = threads.runs
      .stream(thread, { assistant_id: await assistant({ tools: [TOOL] }) })
      .on("toolCallCreated", (call) => called.push(call.function.name));
    for await (const event of stream) {
      if (event.event !== "thread.run.requires_action") continue;
      const next = submitStream(thread, event.data.id, outputsFor(event.data));
      next.on("textDelta", (delta) => (answer += delta.value ?? ""));
      assert.equal((await next.finalRun()).status, "completed");
    }

    assert.deepEqual(called, ["get_stock_price"]);
    assert.ok(answer.includes(PRICES.AAPL), answer);
    assert.equal(await saidLast(thread), answer);
  },

  async lists_are_read_to_their_end() {
    const wanted = Array.from({ length: 12 }, (_, number) => `message ${number}`);
    const messages = wanted.map((content) => ({ role: "user", content }));
    const thread = await threads.create({ messages });
    const read = [];

    for await (const message of threads.messages.list(thread.id, { limit: 5, order: "asc" })) {
      read.push(message.content[0].text.value);
    }

    assert.deepEqual(read, wanted);
    const page = await threads.messages.list(thread.id, { limit: 5 });
    assert.ok(page.hasNextPage());
    const second = (await page.getNextPage()).data.map((one) => one.content[0].text.value);
    assert.deepEqual(second, wanted.slice(2, 7).reverse());
  },

  async errors_come_by_class_and_text() {
    const unknown = `thread_${"x".repeat(24)}`;
    const missing = await failing(OpenAI.NotFoundError, () => threads.retrieve(unknown));
    assert.equal(missing.error.message, `No thread found with id '${unknown}'.`);
    assert.match(missing.request_id ?? missing.requestID, /^req_/);
    const wrong = await failing(OpenAI.BadRequestError, () =>
      threads.runs.create("undefined", { assistant_id: "asst_1" }),
    );
    assert.match(wrong.message, /Invalid 'thread_id': 'undefined'\. Expected an ID that begins/);
    const strange = await failing(OpenAI.BadRequestError, () => assistant({ no: 1 }));
    assert.deepEqual([strange.param, strange.code], ["no", "unknown_parameter"]);
  },

  async a_waiting_run_locks_its_thread_until_it_is_cancelled() {
    const thread = await begun("What is Apple trading at?");
    const assistant_id = await assistant({ tools: [TOOL] });
    const run = await threads.runs.createAndPoll(thread, { assistant_id });
    const say = () => threads.messages.create(thread, { role: "user", content: "Hello?" });

    const locked = await failing(OpenAI.BadRequestError, say);
    const expected = `Can't add messages to ${thread} while a run ${run.id} is active.`;
    assert.ok(locked.message.includes(expected), locked.message);
    await threads.runs.cancel(...within(thread, run.id));
    assert.equal((await threads.runs.poll(...within(thread, run.id))).status, "cancelled");

    assert.equal((await say()).role, "user");
  },

  async a_stream_that_is_left_stops_no_run() {
    const thread = await begun("wait 60");
    const asked = { assistant_id: await assistant(), stream: true };
    let id;
    for await (const event of await threads.runs.create(thread, asked)) {
      id = event.data.id;
      break;
    }

    const run = await threads.runs.retrieve(...within(thread, id));
    assert.ok(["queued", "in_progress"].includes(run.status), run.status);
    await threads.runs.cancel(...within(thread, id));
    assert.equal((await threads.runs.poll(...within(thread, id))).status, "cancelled");
  },

  async a_failed_run_says_why() {
    const thread = await begun("fail");
    const stream = threads.runs.stream(thread, { assistant_id: await assistant() });

    const run = await stream.finalRun();

    assert.equal(run.status, "failed");
    assert.equal(run.last_error.code, "server_error");
  },
};

async function assistant(more = {}) {
  return (await assistants.create({ model: MODEL, ...more })).id;
}

async function begun(content) {
  return (await threads.create({ messages: [{ role: "user", content }] })).id;
}

function submitStream(thread, run, tool_outputs) {
  return positional
    ? threads.runs.submitToolOutputsStream(thread, run, { tool_outputs })
    : threads.runs.submitToolOutputsStream(run, { thread_id: thread, tool_outputs });
}

function outputsFor(run) {
  return run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: PRICES[JSON.parse(call.function.arguments).symbol],
  }));
}

async function saidLast(thread) {
  const [message] = (await threads.messages.list(thread, { limit: 1 })).data;
  assert.equal(message.role, "assistant");
  return message.content[0].text.value;
}

async function failing(expected, ask) {
  try {
    await ask();
  } catch (error) {
    assert.ok(error instanceof expected, String(error));
    return error;
  }
  return assert.fail(`${expected.name} was not thrown`);
}

const told = {};
for (const [name, use] of Object.entries(uses)) {
  told[name] = await use().then(
    () => null,
    (error) => error.stack,
  );
}
console.log(JSON.stringify(told));
