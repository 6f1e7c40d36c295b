using System.Globalization;
using Messaging.Contracts.Http;
using Messaging.Contracts.Json;
using Messaging.Infrastructure.Access;
using Messaging.Infrastructure.Audit;
using Messaging.Infrastructure.Migrations;
using Messaging.Infrastructure.Store;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Producer.Http;
using Microsoft.Extensions.Options;

namespace Messaging.Producer.Cli;

/// <summary>
/// The verb <c>keys</c>: makes, lists and revokes API keys straight in the ledger, which needs no running producer and no key. A key goes to
/// standard output and nowhere else, everything for people to standard error.
/// </summary>
internal static class KeysCommand
{
    /// <summary>The verb's name.</summary>
    public const string Verb = "keys";

    private const string Usage = """
        Usage:
          keys create --name NAME --scopes submit,read,operate,admin [--expires-in P90D] [--rate REQUESTS_A_SECOND] [--reason TEXT]
          keys list
          keys revoke ID [--reason TEXT]
        The ledger is the setting Messaging:Postgres (environment: Messaging__Postgres).
        """;

    /// <summary>Runs it.</summary>
    /// <param name="arguments">What stands behind the verb.</param>
    /// <returns>0: done. 1: the ledger can't be reached, or there is no such key. 2: the arguments are wrong.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        try
        {
            var read = CommandArguments.Parse(arguments, "name", "scopes", "expires-in", "rate", "reason");
            // Decided before the ledger is touched: whoever only looks at the usage needs none.
            Func<KeyStore, Task<int>> run = read.Words switch
            {
                ["create"] => keys => CreateAsync(keys, read),
                ["list"] => ListAsync,
                ["revoke", var id] => keys => RevokeAsync(keys, id, read),
                _ => throw new CommandException(Usage),
            };
            await using var ledger = await ConnectAsync(read.Settings);
            return await run(new KeyStore(ledger));
        }
        catch (CommandException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (Exception e) when (LedgerErrors.IsTransient(e))
        {
            await Console.Error.WriteLineAsync($"The ledger can't be reached: {e.Message}");
            return 1;
        }
    }

    private static async Task<LedgerConnections> ConnectAsync(string[] settings)
    {
        var configuration = Host.CreateApplicationBuilder(settings).Configuration;
        var postgres = configuration["Messaging:Postgres"];
        if (string.IsNullOrEmpty(postgres))
            throw new CommandException("Messaging:Postgres is not set: give it a connection string (environment: Messaging__Postgres).");
        // The first key is made before the first producer may listen, so perhaps before there is a schema.
        await MigrationRunner.MigrateAsync(postgres, CancellationToken.None);
        return new LedgerConnections(Options.Create(new LedgerOptions { Postgres = postgres }));
    }

    private static async Task<int> CreateAsync(KeyStore keys, CommandArguments read)
    {
        var created = await keys.CreateAsync(
            new NewKey(
                read.Required("name", NewKey.IsName, NewKey.NameRule),
                ReadScopes(read.Required("scopes", _ => true, "")),
                ExpiresIn: ReadLife(read),
                RatePerSecond: ReadRate(read)),
            Caller(read),
            CancellationToken.None);
        switch (created.Answer)
        {
            case CreateKeyAnswer.FirstMustBeAdmin:
                throw new CommandException("The first key must have the scope admin: from then on requests need a key, and nobody could make another by the API.");
            case CreateKeyAnswer.TooMany:
                throw new CommandException($"There are {KeyStore.MostKeys} keys that work; revoke some first.");
        }

        var key = created.Key!;
        await Console.Error.WriteLineAsync($"Key {key.Id} ({key.Name}): {string.Join(", ", ApiScopeWords.Of(key.Scopes))}. It is shown once, now:");
        Console.WriteLine(created.Secret);
        return 0;
    }

    private static async Task<int> ListAsync(KeyStore keys)
    {
        Console.WriteLine($"{"ID",-10}  {"SCOPES",-26}  {"CREATED",-20}  {"LAST USED",-20}  {"ENDS",-28}  NAME");
        string? after = null;
        do
        {
            var page = await keys.ListAsync(after, 1_000, CancellationToken.None);
            foreach (var key in page)
            {
                var ends = key.RevokedAt is { } revoked ? $"revoked {Show(revoked)}" : Show(key.ExpiresAt);
                Console.WriteLine(
                    $"{key.Id,-10}  {string.Join(',', ApiScopeWords.Of(key.Scopes)),-26}  {Show(key.CreatedAt),-20}  {Show(key.LastUsedAt),-20}  {ends,-28}  {key.Name}");
            }

            after = page.Count == 1_000 ? page[^1].Id : null;
        }
        while (after is not null);
        return 0;
    }

    private static async Task<int> RevokeAsync(KeyStore keys, string id, CommandArguments read)
    {
        if (!KeySecret.IsId(id))
            throw new CommandException("That is not the id of a key: 'keys list' shows them. (Never give a whole key as an argument: others see it.)");
        if (!await keys.RevokeAsync(id, Caller(read), CancellationToken.None))
        {
            await Console.Error.WriteLineAsync($"There is no key {id}.");
            return 1;
        }

        await Console.Error.WriteLineAsync($"Key {id} is revoked; no process takes it any more after {KeyCatalog.LongestAge.TotalSeconds:0} s.");
        return 0;
    }

    private static OnBehalf Caller(CommandArguments read) => new(
        new Actor("cli", $"{Environment.UserName}@{Environment.MachineName}", null), read.Optional("reason", ActionReason.IsReason, ActionReason.Rule));

    private static ApiScopes ReadScopes(string words)
    {
        var scopes = ApiScopes.None;
        foreach (var word in words.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            scopes |= ApiScopeWords.TryParse(word, out var scope) ? scope : throw new CommandException($"'{word}' is not a scope; scopes are {ApiScopeWords.All}.");
        return scopes == ApiScopes.None ? throw new CommandException($"--scopes is empty; scopes are {ApiScopeWords.All}.") : scopes;
    }

    private static TimeSpan? ReadLife(CommandArguments read)
    {
        TimeSpan life = default;
        return read.Optional(
            "expires-in",
            text => Iso8601Duration.TryParse(text, out life) && life > TimeSpan.Zero && life <= NewKey.LongestLife,
            "a duration such as P90D, of at most ten years") is null ? null : life;
    }

    private static int? ReadRate(CommandArguments read)
    {
        var rate = 0;
        return read.Optional(
            "rate",
            text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out rate) && rate is >= 1 and <= NewKey.FastestRate,
            $"a whole number from 1 to {NewKey.FastestRate}") is null ? null : rate;
    }

    private static string Show(DateTimeOffset? time) => time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "never";
}
