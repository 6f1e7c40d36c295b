#!/usr/bin/env python3
"""Publishes tasks to Messaging over AMQP, with nothing but pika (Debian: python3-pika).

    amqp_submit.py amqp://user:password@host:5672/vhost MESSAGE...

One debug.echo task for each message. Prints the id of each task, in order.
"""
import json
import sys
import uuid

import pika


def main(url, messages):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()  # from here on basic_publish returns when the broker has the message, or raises

    # Answers come to a queue that exists only for this channel. Without reply_to nobody answers.
    answers = {}

    def answered(_channel, _method, properties, body):
        answers[properties.correlation_id] = json.loads(body)

    channel.basic_consume("amq.rabbitmq.reply-to", answered, auto_ack=True)

    ids = []
    for message in messages:
        # The id is yours, and makes repeating safe: the same id with the same request is the same task. Keep it with what the task is
        # for (an order's number and the purpose), so that you still have it after a crash.
        task = {"id": str(uuid.uuid4()), "kind": "debug.echo", "input": {"message": message}, "tags": ["example"]}
        channel.basic_publish(
            exchange="messaging.submit",
            routing_key="",
            body=json.dumps(task).encode(),
            properties=pika.BasicProperties(
                content_type="application/json",
                delivery_mode=2,  # survives a restart of the broker
                correlation_id=task["id"],
                reply_to="amq.rabbitmq.reply-to",
            ),
            mandatory=True,  # raises if nothing is there to take it
        )
        ids.append(task["id"])

    while len(answers) < len(ids):
        connection.process_data_events(time_limit=30)
    connection.close()

    refused = [answers[i] for i in ids if "type" in answers[i]]  # problems, as over HTTP
    if refused:
        sys.exit(f"refused: {refused}")
    for i in ids:
        print(answers[i]["id"])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
