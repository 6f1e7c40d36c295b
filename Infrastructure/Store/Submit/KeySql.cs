namespace Messaging.Infrastructure.Store.Submit;

/// <summary>The statements on idempotency keys.</summary>
public static class KeySql
{
    /// <summary>
    /// For this transaction: $1, how long to wait for another one that is at the same key; $2, how long this process may be silent between
    /// two statements before its transaction is given up, in milliseconds.
    /// </summary>
    public const string BeBrief = "SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)";

    /// <summary>The keys are taken: from here on wait as usual.</summary>
    public const string BePatient = "SET LOCAL lock_timeout TO DEFAULT";

    /// <summary>Ends the transaction, in the round trip of its last statements.</summary>
    public const string Commit = "COMMIT";

    /// <summary>
    /// Takes the keys that nobody has, or that have expired, and locks the others' rows, all in the order of the arrays: two batches that
    /// share keys must not wait for each other. Answers the tasks that have taken one just now. Index: primary key. $5: how long keys are kept.
    /// </summary>
    public const string Take = """
        INSERT INTO messaging.idempotency_keys AS k (scope, key, task_id, fingerprint, expires_at)
        SELECT t.scope, t.key, t.task_id, t.fingerprint, now() + $5::interval
        FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[]) AS t(scope, key, task_id, fingerprint)
        ON CONFLICT (scope, key) DO UPDATE
        SET task_id = excluded.task_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
        WHERE k.expires_at <= now()
        RETURNING k.task_id
        """;

    /// <summary>Whose they are now: one row per key, in the order of the arrays. Index: primary key.</summary>
    public const string Read = """
        SELECT k.task_id, k.fingerprint
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS t(scope, key, n)
        CROSS JOIN LATERAL (SELECT * FROM messaging.idempotency_keys WHERE scope = t.scope AND key = t.key LIMIT 1) k
        ORDER BY t.n
        """;

    /// <summary>What a key has made, if it is still remembered. Index: primary key.</summary>
    public const string Find = """
        SELECT task_id, fingerprint FROM messaging.idempotency_keys WHERE scope = $1 AND key = $2 AND expires_at > now()
        """;

    /// <summary>
    /// Removes up to $1 expired keys. Index: idempotency_keys_expiry. Skips what a submit has locked (it is taking the key again), so that
    /// neither waits for the other.
    /// </summary>
    public const string RemoveExpired = """
        DELETE FROM messaging.idempotency_keys WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM messaging.idempotency_keys WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED))
        """;
}
