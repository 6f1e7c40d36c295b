using Messaging.Infrastructure.Files;
using Npgsql;

namespace Messaging.Tests.Integration.Sql;

/// <summary>A service's own role may submit and touch nothing else.</summary>
public sealed class SqlSubmitRightsTests : SqlSubmitTest
{
    private readonly string _role = $"shop_{Guid.NewGuid():N}";

    [OneTimeSetUp]
    public async Task MakeRole()
    {
        await using var connection = await ConnectAsync();
        var password = new NpgsqlConnectionStringBuilder(ConnectionString).Password ?? "not-asked-for";
        await ExecuteAsync(connection, $"CREATE ROLE {_role} LOGIN PASSWORD '{password}'");
        await ExecuteAsync(connection, $"CREATE SCHEMA {_role} AUTHORIZATION {_role}");
    }

    [OneTimeTearDown]
    public async Task DropRole()
    {
        await using var connection = await ConnectAsync();
        await ExecuteAsync(connection, $"DROP OWNED BY {_role} CASCADE");
        await ExecuteAsync(connection, $"DROP ROLE {_role}");
    }

    [Test]
    public async Task A_role_needs_to_be_allowed_and_then_needs_nothing_more()
    {
        await using var connection = await ConnectAsync(_role);
        Assert.That(async () => await SubmitAsync(connection), Refused("42501"));
        await Producer.ScalarAsync($"GRANT USAGE ON SCHEMA messaging TO {_role}");
        Assert.That(async () => await SubmitAsync(connection), Refused("42501"), "nobody may by default");
        await Producer.ScalarAsync($"SELECT messaging.allow_submit('{_role}')");

        var id = await SubmitAsync(connection, """{"tags":["by-role"],"idempotencyKey":"by-role"}""");
        await ExecuteAsync(connection, "SELECT messaging.submit('debug.echo', jsonb_build_object('message', 'x')), messaging.submit('debug.echo', json_build_object('message', 'x'))");
        Assert.That((await Producer.FindAsync(id)).Id, Is.EqualTo(id));
        var large = $$"""{"message":"{{new string('x', LargeTexts.MostInline)}}"}""";
        Assert.That((await Producer.FindAsync(await SubmitAsync(connection, input: large))).Input.ToString(), Is.EqualTo(large), "in a file");
        foreach (var table in new[] { "tasks", "open_tasks", "outbox", "kinds", "idempotency_keys", "api_keys", "settings", "files", "file_chunks" })
            Assert.That(async () => await ExecuteAsync(connection, $"SELECT * FROM messaging.{table}"), Refused("42501"), table);
        Assert.That(async () => await ExecuteAsync(connection, $"SELECT messaging.allow_submit('{_role}')"), Refused("42501"));
        Assert.That(async () => await ExecuteAsync(connection, $"SELECT messaging.remove_task('{id}')"), Refused("42501"));
    }

    [Test]
    public async Task What_a_caller_has_in_its_search_path_is_never_run_with_the_owners_rights()
    {
        await Producer.ScalarAsync($"SELECT messaging.allow_submit('{_role}')");
        await using var connection = await ConnectAsync(_role);
        foreach (var function in new[] { "octet_length(text)", "clock_timestamp()", "json_typeof(json)", "strpos(text, text)", "format(text, VARIADIC text[])" })
            await ExecuteAsync(connection, $"CREATE FUNCTION {_role}.{function} RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$");
        await ExecuteAsync(connection, $"CREATE TEMP TABLE kinds (name text, queue text, timeout_ms bigint, max_attempts integer)");
        await ExecuteAsync(connection, $"SET search_path = {_role}, pg_temp, pg_catalog; SET standard_conforming_strings = off; SET DateStyle = 'SQL, DMY'");

        var id = await SubmitAsync(connection, """{"delay":"PT1H","deadline":"2040-02-03T00:00:00Z"}""");
        Assert.That((await Producer.FindAsync(id)).Deadline, Is.EqualTo(new DateTimeOffset(2040, 2, 3, 0, 0, 0, TimeSpan.Zero)));
        Assert.That(async () => await SubmitAsync(connection, kind: "no.such"), Refused("42704"));
    }

    private static NUnit.Framework.Constraints.EqualStringConstraint Refused(string state) =>
        Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(state);
}
