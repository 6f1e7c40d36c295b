#!/usr/bin/env python3
"""Places an order and enqueues its mail in one transaction, with psycopg2 (Debian: python3-psycopg2).

    sql_submit.py "host=… dbname=… user=…" ORDER [--fail]

With --fail something goes wrong after both; then neither is there. Prints the task's id.
"""
import json
import sys

import psycopg2


def place_order(connection, order, fail):
    with connection, connection.cursor() as cursor:  # commits at the end, or rolls back
        cursor.execute("CREATE TABLE IF NOT EXISTS example_orders (id text PRIMARY KEY)")
        cursor.execute("INSERT INTO example_orders VALUES (%s)", (order,))
        cursor.execute(
            "SELECT messaging.submit(%s, %s, %s)",
            (
                "debug.echo",
                json.dumps({"message": f"Thank you for order {order}"}),
                json.dumps({"idempotencyKey": f"shop:order-mail:{order}", "tags": [f"order:{order}"], "delay": "PT0.1S"}),
            ),
        )
        (task,) = cursor.fetchone()
        if fail:
            raise RuntimeError("something went wrong after both")
        return task


def main(database, order, fail):
    connection = psycopg2.connect(database)
    try:
        print(place_order(connection, order, fail))
    except psycopg2.Error as refused:
        # diag.constraint_name is the problem's type (unknown-kind, invalid-value, …), diag.column_name the option.
        sys.exit(f"{refused.pgcode} {refused.diag.constraint_name} {refused.diag.column_name}: {refused.diag.message_primary}")
    finally:
        connection.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--fail" in sys.argv[3:])
