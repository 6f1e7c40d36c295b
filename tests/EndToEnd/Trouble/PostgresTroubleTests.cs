using System.Diagnostics;
using System.Net;
using System.Text;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Servers;
using Npgsql;

namespace Messaging.Tests.EndToEnd.Trouble;

/// <summary>Postgres in every sort of trouble under one running system: what was accepted runs once, nobody is blamed, and all mends itself.</summary>
[Category("MostlyWaits")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresTroubleTests
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(3);

    // What the driver may need to call off a statement, and a saturated machine to answer.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(12);

    private readonly PostgresServer _postgres = new();
    private RunningSystem _system = null!;
    private string _workers = "";

    [OneTimeSetUp]
    public async Task StartSystem()
    {
        await _postgres.StartAsync();
        await TestLedger.MigrateAsync(_postgres.ConnectionString);
        _system = await RunningSystem.StartAsync(
            consumers: 2,
            new() { Concurrency = 50 },
            producerEnvironment: new Dictionary<string, string?> { ["Messaging__MaxWait"] = MaxWait.ToString() },
            postgres: _postgres.ConnectionString);
        _workers = await WorkersAsync();
    }

    [OneTimeTearDown]
    public async Task StopSystem()
    {
        if (_system is not null)
            await _system.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [TearDown]
    public async Task Nobody_was_declared_dead()
    {
        Assert.That(await WorkersAsync(), Is.EqualTo(_workers), "the instances are the ones that were started");
        Assert.That(await _system.CountAsync("attempts WHERE outcome = 'worker-lost'"), Is.Zero);
        Assert.That(_system.Consumers.Select(c => c.Process.Exit.IsCompleted), Is.All.False);
    }

    [Test]
    public async Task Away_for_a_minute()
    {
        await _system.SubmitEchoesAsync(20, wait: "PT5S");
        await Eventually.GetAsync(_ => _system.CountAsync("open_tasks WHERE state = 3"), running => running == 20, TimeSpan.FromSeconds(20));
        await _postgres.StopAsync();
        var away = Stopwatch.StartNew();

        var asked = Stopwatch.StartNew();
        using (var answer = await SubmitAsync("v1/tasks", "application/json"))
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(answer.Headers.RetryAfter?.Delta, Is.GreaterThan(TimeSpan.Zero));
            Assert.That(asked.Elapsed, Is.LessThan(MaxWait + Grace));
        }

        using (var answer = await SubmitAsync("v1/tasks/batch", "application/x-ndjson"))
            Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("\"status\":503").And.Contain("retryAfter"));
        foreach (var process in _system.Consumers.Select(c => c.Http).Append(_system.Producer.Http))
        {
            await HealthAsync(process, "health/ready", HttpStatusCode.ServiceUnavailable);
            await HealthAsync(process, "health/live", HttpStatusCode.OK);
        }

        await Eventually.TrueAsync(() => away.Elapsed > TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(70));
        await _postgres.StartAsync();
        var back = Stopwatch.StartNew();
        await _system.DrainedAsync(TimeSpan.FromSeconds(60));
        await TestContext.Out.WriteLineAsync($"away {away.Elapsed.TotalSeconds:0} s, drained {back.Elapsed.TotalSeconds:0.0} s after the start");

        Assert.That(await _system.CountAsync("outcomes WHERE state <> 4 OR attempt <> 1"), Is.Zero);
        Assert.That(await _system.CountAsync("attempts"), Is.Zero, "no attempt was spent");
        Assert.That(await _system.CountAsync("tasks"), Is.EqualTo(await _system.CountAsync("outcomes")), "nothing half done");
        foreach (var process in _system.Consumers.Select(c => c.Http).Append(_system.Producer.Http))
            await HealthAsync(process, "health/ready", HttpStatusCode.OK);
    }

    [Test]
    public async Task Restarted_killed_and_all_connections_cut_again_and_again_under_load()
    {
        await using var load = Load.Start(_system);
        await load.GoesOnAsync();
        await _postgres.RestartAsync();
        await load.GoesOnAsync();
        await _postgres.KillAsync();
        await _postgres.StartAsync();
        await load.GoesOnAsync();
        for (var i = 0; i < 15; i++)
        {
            await _system.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'messaging-%'");
            await load.GoesOnAsync(more: 3);
        }

        await load.CheckAsync(TimeSpan.FromSeconds(90));
    }

    [Test]
    public async Task Out_of_connections_until_the_strangers_go()
    {
        await using var load = Load.Start(_system, clients: 2);
        await load.GoesOnAsync();
        var strangers = new List<NpgsqlConnection>();
        var crowd = new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Pooling = false, ApplicationName = "stranger" }.ConnectionString;
        try
        {
            var before = load.Refused;
            // Ours are cut, and the strangers are quicker, until a submit was refused for it.
            await Eventually.TrueAsync(
                async token =>
                {
                    await CrowdAsync(strangers, crowd, token);
                    await using var cut = new NpgsqlCommand(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'messaging-%' LIMIT 30", strangers[0]);
                    await cut.ExecuteNonQueryAsync(token);
                    await CrowdAsync(strangers, crowd, token);
                    return load.Refused > before + 3;
                },
                TimeSpan.FromSeconds(60));
        }
        finally
        {
            foreach (var stranger in strangers)
                await stranger.DisposeAsync();
        }

        var gone = Stopwatch.StartNew();
        await load.GoesOnAsync();
        await TestContext.Out.WriteLineAsync($"{strangers.Count} strangers; accepting again {gone.Elapsed.TotalSeconds:0.0} s after they went");
        await load.CheckAsync(TimeSpan.FromSeconds(60));
    }

    [Test]
    public async Task A_deadlock_is_tried_again_and_nobody_sees_it()
    {
        var seen = await DeadlocksAsync();
        for (var round = 0; await DeadlocksAsync() == seen; round++)
        {
            Assert.That(round, Is.LessThan(10), "a deadlock could be provoked");
            await _system.SubmitEchoesAsync(60, wait: "PT1.5S");
            await Eventually.GetAsync(_ => _system.CountAsync("open_tasks WHERE state = 3"), running => running == 60, TimeSpan.FromSeconds(20));
            await using var stranger = await _system.ConnectAsync();
            await using var transaction = await stranger.BeginTransactionAsync();
            // The highest first; whoever writes in id order comes to it last. The stranger has more patience, so the other one is the victim.
            await RunAsync("SET LOCAL deadlock_timeout = '30s'; SELECT id FROM messaging.open_tasks ORDER BY id DESC LIMIT 1 FOR UPDATE");
            await Eventually.GetAsync(
                _ => _system.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'messaging-durable'"),
                waiting => waiting is > 0L,
                TimeSpan.FromSeconds(20));
            await RunAsync("SELECT id FROM messaging.open_tasks ORDER BY id FOR UPDATE");
            await transaction.CommitAsync();

            async Task RunAsync(string sql)
            {
                await using var command = new NpgsqlCommand(sql, stranger, transaction);
                await command.ExecuteNonQueryAsync();
            }
        }

        await _system.DrainedAsync(TimeSpan.FromSeconds(30));
        Assert.That(await _system.CountAsync("outcomes WHERE state <> 4 OR attempt <> 1"), Is.Zero);
        Assert.That(await _system.CountAsync("attempts"), Is.Zero);
    }

    private async Task<long> DeadlocksAsync() => (long)(await _system.ScalarAsync("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))!;

    private static async Task CrowdAsync(List<NpgsqlConnection> strangers, string crowd, CancellationToken cancellationToken)
    {
        while (true)
        {
            var stranger = new NpgsqlConnection(crowd);
            try
            {
                await stranger.OpenAsync(cancellationToken);
                strangers.Add(stranger);
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await stranger.DisposeAsync();
                return;
            }
        }
    }

    private async Task<string> WorkersAsync() => (string)(await _system.ScalarAsync("SELECT string_agg(id::text, ' ' ORDER BY id) FROM messaging.workers"))!;

    private async Task<HttpResponseMessage> SubmitAsync(string path, string type)
    {
        using var content = new StringContent("""{"kind":"debug.echo","input":{"message":"now"}}""", Encoding.UTF8, type);
        return await _system.Producer.Http.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    private static Task<HttpStatusCode> HealthAsync(HttpClient process, string path, HttpStatusCode status) => Eventually.GetAsync(
        async token =>
        {
            using var answer = await process.GetAsync(new Uri(path, UriKind.Relative), token);
            return answer.StatusCode;
        },
        seen => seen == status,
        TimeSpan.FromSeconds(20));
}
