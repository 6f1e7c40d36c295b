using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Outbox;
using Messaging.Infrastructure.Store.Connections;
using Npgsql;

namespace Messaging.Infrastructure.Callbacks;

/// <summary>
/// Registers endpoints, shows and changes them. What people do is in the audit log, in the same transaction, without the secrets.
/// </summary>
public sealed class EndpointStore(LedgerConnections ledger, OutboxSignal outbox)
{
    /// <summary>How many endpoints there may be.</summary>
    public const int MostEndpoints = 10_000;

    /// <summary>How many secrets of one endpoint sign at a time: each is a signature in every callback.</summary>
    public const int MostSecrets = 10;

    /// <summary>The name under which the secrets of addresses stand.</summary>
    public const string OfUrls = "";

    /// <summary>Registers an endpoint.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<EndpointAnswer> CreateAsync(
        string name, string url, CallbackEvents events, byte[] secret, OnBehalf by, CancellationToken cancellationToken) =>
        InTransactionAsync(
            by,
            AuditActions.CreateCallbackEndpoint,
            name,
            new { url, events = CallbackEventNames.Of(events) },
            async connection =>
            {
                if ((long)(await ScalarAsync(connection, EndpointSql.Count, cancellationToken))! >= MostEndpoints)
                    return EndpointAnswer.TooMany;
                if (await ScalarAsync(connection, EndpointSql.Insert, cancellationToken, name, url, (short)events) is null)
                    return EndpointAnswer.Exists;
                await ExecuteAsync(connection, EndpointSql.AddSecret, cancellationToken, name, secret);
                return EndpointAnswer.Done;
            },
            cancellationToken);

    /// <summary>Reads one; null if there is none of this name.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<CallbackEndpoint?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await ReadAsync(EndpointSql.Find, cancellationToken, name)) is [var found] ? found : null;

    /// <summary>Reads endpoints in the order of their names.</summary>
    /// <param name="after">Only those behind this name; empty: from the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<IReadOnlyList<CallbackEndpoint>> ListAsync(string after, int limit, CancellationToken cancellationToken) =>
        ReadAsync(EndpointSql.List, cancellationToken, after, limit);

    /// <summary>
    /// Gives an endpoint (<see cref="OfUrls"/>: the addresses) another secret. The one before signs too until <paramref name="keepOld"/> has passed, so
    /// that its receivers can change over in their own time.
    /// </summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<EndpointAnswer> RotateAsync(string name, byte[] secret, TimeSpan keepOld, OnBehalf by, CancellationToken cancellationToken) =>
        InTransactionAsync(
            by,
            AuditActions.RotateCallbackSecret,
            name,
            new { keepOld = Iso8601Duration.Format(keepOld) },
            async connection =>
            {
                // Of two that rotate at once the second retires what the first has made.
                if (name == OfUrls)
                    await ExecuteAsync(connection, EndpointSql.LockUrls, cancellationToken);
                else if (await LockAsync(connection, name, cancellationToken) is null)
                    return EndpointAnswer.Unknown;
                await ExecuteAsync(connection, EndpointSql.Retire, cancellationToken, name, keepOld);
                await ExecuteAsync(connection, EndpointSql.Prune, cancellationToken, name);
                await ExecuteAsync(connection, EndpointSql.AddSecret, cancellationToken, name, secret);
                return (await SecretsAsync(connection, name, cancellationToken)).Count > MostSecrets ? EndpointAnswer.TooMany : EndpointAnswer.Done;
            },
            cancellationToken);

    /// <summary>
    /// Changes an endpoint: done also if nothing is different, and then not in the audit log. Callbacks that are on their way go to the new address with
    /// their next attempt; the events hold for tasks that end from now on.
    /// </summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<EndpointAnswer> ChangeAsync(string name, EndpointChange change, OnBehalf by, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        var details = new Dictionary<string, object>();
        var isThere = false;
        await InTransactionAsync(
            by,
            AuditActions.ChangeCallbackEndpoint,
            name,
            details,
            async connection =>
            {
                if (await LockAsync(connection, name, cancellationToken) is not { } before)
                    return EndpointAnswer.Unknown;
                isThere = true;
                var after = (Url: change.Url ?? before.Url, Events: change.Events ?? before.Events);
                if (after == before)
                    return EndpointAnswer.Unknown; // nothing to commit
                if (after.Url != before.Url)
                    details["url"] = new { before = before.Url, after = after.Url };
                if (after.Events != before.Events)
                    details["events"] = new { before = CallbackEventNames.Of(before.Events), after = CallbackEventNames.Of(after.Events) };
                await ExecuteAsync(connection, EndpointSql.Change, cancellationToken, name, after.Url, (short)after.Events);
                return EndpointAnswer.Done;
            },
            cancellationToken);
        return isThere ? EndpointAnswer.Done : EndpointAnswer.Unknown;
    }

    /// <summary>Sends nothing to an endpoint from now on: callbacks to it fail at once and can be sent again later.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<EndpointAnswer> DisableAsync(string name, OnBehalf by, CancellationToken cancellationToken) =>
        SwitchAsync(name, AuditActions.DisableCallbackEndpoint, EndpointSql.Disable, by, cancellationToken);

    /// <summary>Sends to an endpoint again.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<EndpointAnswer> EnableAsync(string name, OnBehalf by, CancellationToken cancellationToken) =>
        SwitchAsync(name, AuditActions.EnableCallbackEndpoint, EndpointSql.Enable, by, cancellationToken);

    /// <summary>Forgets an endpoint with its secrets. Callbacks that are still on their way to it fail.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public Task<EndpointAnswer> DeleteAsync(string name, OnBehalf by, CancellationToken cancellationToken) =>
        InTransactionAsync(
            by,
            AuditActions.DeleteCallbackEndpoint,
            name,
            null,
            async connection =>
                await ExecuteAsync(connection, EndpointSql.Delete, cancellationToken, name) > 0 ? EndpointAnswer.Done : EndpointAnswer.Unknown,
            cancellationToken);

    /// <summary>Has a callback of type <c>callback.test</c> sent to an endpoint, once, also if it is disabled. Answers the task that does; null: there is no such endpoint.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<Guid?> TestAsync(string name, OnBehalf by, CancellationToken cancellationToken)
    {
        Guid? sender = null;
        await InTransactionAsync(
            by,
            AuditActions.TestCallbackEndpoint,
            name,
            null,
            async connection =>
            {
                sender = await ScalarAsync(connection, CallbackSql.Test, cancellationToken, name) as Guid?;
                return sender is null ? EndpointAnswer.Unknown : EndpointAnswer.Done;
            },
            cancellationToken);
        if (sender is not null)
            outbox.Wake();
        return sender;
    }

    /// <summary>What signs callbacks to addresses that brought no secret, for somebody who may see it; that is in the audit log.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<IReadOnlyList<SigningSecret>> ShowSecretsOfUrlsAsync(OnBehalf by, CancellationToken cancellationToken)
    {
        IReadOnlyList<SigningSecret> secrets = [];
        await InTransactionAsync(
            by,
            AuditActions.ShowCallbackSecret,
            OfUrls,
            null,
            async connection =>
            {
                secrets = await SecretsAsync(connection, OfUrls, cancellationToken);
                return EndpointAnswer.Done;
            },
            cancellationToken);
        return secrets;
    }

    /// <summary>An endpoint has answered 410 under an address: nothing more is sent to it. False: it was disabled, or has another address by now.</summary>
    /// <exception cref="NpgsqlException">The ledger can't be reached.</exception>
    public async Task<bool> DisableGoneAsync(string name, string url, CancellationToken cancellationToken)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        return await ExecuteAsync(connection, EndpointSql.Gone, cancellationToken, name, url) > 0;
    }

    /// <summary>Disables or enables: done also if it was so before, and then not in the audit log.</summary>
    private async Task<EndpointAnswer> SwitchAsync(string name, string action, string sql, OnBehalf by, CancellationToken cancellationToken)
    {
        var changed = await InTransactionAsync(
            by,
            action,
            name,
            null,
            async connection => await ExecuteAsync(connection, sql, cancellationToken, name) > 0 ? EndpointAnswer.Done : EndpointAnswer.Unknown,
            cancellationToken);
        return changed == EndpointAnswer.Done || await FindAsync(name, cancellationToken) is not null ? EndpointAnswer.Done : EndpointAnswer.Unknown;
    }

    /// <summary>Commits what is done, with its entry in the audit log, and nothing of what is not done.</summary>
    private async Task<EndpointAnswer> InTransactionAsync(
        OnBehalf by, string action, string name, object? details, Func<NpgsqlConnection, Task<EndpointAnswer>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(by);
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var answer = await work(connection);
        if (answer != EndpointAnswer.Done)
            return answer; // rolled back
        var target = name == OfUrls ? "callback-secret" : $"callback-endpoint:{name}";
        await AuditTrail.WriteAsync(connection, by, action, target, details, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    private async Task<IReadOnlyList<CallbackEndpoint>> ReadAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var connection = await ledger.Web.OpenConnectionAsync(cancellationToken);
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var endpoints = new List<CallbackEndpoint>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var made = reader.GetFieldValue<DateTime[]>(6);
            var expire = reader.GetFieldValue<DateTime[]>(7); // infinity is the largest there is
            endpoints.Add(new CallbackEndpoint(
                reader.GetString(0),
                reader.GetString(1),
                (CallbackEvents)reader.GetInt16(2),
                Utc(reader.GetDateTime(3)),
                await reader.IsDBNullAsync(4, cancellationToken) ? null : Utc(reader.GetDateTime(4)),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5),
                [.. made.Select((at, i) => (Utc(at), expire[i] == DateTime.MaxValue ? null : (DateTimeOffset?)Utc(expire[i])))]));
        }

        return endpoints;
    }

    private static async Task<(string Url, CallbackEvents Events)?> LockAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, EndpointSql.Lock, name);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetString(0), (CallbackEvents)reader.GetInt16(1)) : null;
    }

    private static async Task<IReadOnlyList<SigningSecret>> SecretsAsync(NpgsqlConnection connection, string name, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, EndpointSql.Secrets, name);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var secrets = new List<SigningSecret>();
        while (await reader.ReadAsync(cancellationToken))
        {
            secrets.Add(new SigningSecret(
                Utc(reader.GetDateTime(0)),
                await reader.IsDBNullAsync(1, cancellationToken) ? null : Utc(reader.GetDateTime(1)),
                await reader.GetFieldValueAsync<byte[]>(2, cancellationToken)));
        }

        return secrets;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static DateTimeOffset Utc(DateTime time) => new(time, TimeSpan.Zero);
}
