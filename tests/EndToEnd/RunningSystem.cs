using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;
using Npgsql;

namespace Messaging.Tests.EndToEnd;

/// <summary>A whole system of one test: a database and a virtual host of its own, one Producer and any number of consumers, all real processes.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts = [];

    private RunningSystem(ProcessConnections connections) => Connections = connections;

    public ProcessConnections Connections { get; }

    public ProducerProcess Producer { get; private set; } = null!;

    public List<ConsumerProcess> Consumers { get; } = [];

    /// <summary>Starts the processes and awaits that all are ready.</summary>
    /// <param name="consumers">How many.</param>
    /// <param name="options">Of each consumer.</param>
    /// <param name="rabbitMq">A broker of the caller's; a virtual host of its own when not given.</param>
    /// <param name="producerEnvironment">More settings of the producer.</param>
    /// <param name="postgres">A database of the caller's; one of its own when not given.</param>
    public static async Task<RunningSystem> StartAsync(
        int consumers,
        ConsumerProcessOptions? options = null,
        Uri? rabbitMq = null,
        IReadOnlyDictionary<string, string?>? producerEnvironment = null,
        string? postgres = null)
    {
        var database = postgres is null ? await TestDatabase.CreateAsync(TestLedger.MigrateAsync) : null;
        var broker = rabbitMq is null ? await TestBroker.CreateAsync() : null;
        var system = new RunningSystem(new ProcessConnections(postgres ?? database!.ConnectionString, rabbitMq ?? broker!.Uri));
        if (broker is not null)
            system._parts.Add(broker);
        if (database is not null)
            system._parts.Add(database);
        try
        {
            await Task.WhenAll(Enumerable.Range(1, consumers).Select(n => system.AddConsumerAsync((options ?? new()) with { Name = $"consumer-{n}" })));
            system.Producer = await ProducerProcess.StartAsync(system.Connections, producerEnvironment);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public async Task<ConsumerProcess> AddConsumerAsync(ConsumerProcessOptions? options = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var consumer = await ConsumerProcess.StartAsync(Connections, options, environment);
        lock (Consumers)
            Consumers.Add(consumer);
        return consumer;
    }

    /// <summary>Submits one task and answers what the API said.</summary>
    public async Task<JsonNode> SubmitAsync(string kind, object input, object? options = null)
    {
        var request = JsonSerializer.SerializeToNode(options ?? new { })!.AsObject();
        request["kind"] = kind;
        request["input"] = JsonSerializer.SerializeToNode(input);
        using var answer = await Producer.Http.PostAsJsonAsync("v1/tasks", request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), body);
        return JsonNode.Parse(body)!;
    }

    /// <summary>Submits that many <c>debug.echo</c> tasks in batches; every line must be accepted.</summary>
    /// <param name="count">How many.</param>
    /// <param name="wait">How long each takes.</param>
    /// <param name="input">More members of the input, each after a comma.</param>
    /// <param name="more">More members of the task, each after a comma.</param>
    public Task SubmitEchoesAsync(int count, string? wait = null, string input = "", string more = "")
    {
        var waiting = (wait is null ? "" : $",\"wait\":\"{wait}\"") + input;
        return SubmitLinesAsync(Enumerable.Range(0, count).Select(i => $"{{\"kind\":\"debug.echo\",\"input\":{{\"message\":\"{i}\"{waiting}}}{more}}}"));
    }

    /// <summary>Submits tasks of one kind in batches; every line must be accepted. Answers their ids in order.</summary>
    /// <param name="kind">Of all of them.</param>
    /// <param name="inputs">Their inputs.</param>
    /// <param name="more">More members of the tasks, each after a comma.</param>
    public Task<IReadOnlyList<string>> SubmitManyAsync(string kind, IEnumerable<object> inputs, string more = "") =>
        SubmitLinesAsync(inputs.Select(input => $"{{\"kind\":\"{kind}\",\"input\":{JsonSerializer.Serialize(input)}{more}}}"));

    private async Task<IReadOnlyList<string>> SubmitLinesAsync(IEnumerable<string> requests)
    {
        var ids = new List<string>();
        foreach (var chunk in requests.Chunk(10_000))
        {
            using var content = new StringContent(string.Join('\n', chunk), Encoding.UTF8, "application/x-ndjson");
            using var answer = await Producer.Http.PostAsync(new Uri("v1/tasks/batch", UriKind.Relative), content);
            var body = await answer.Content.ReadAsStringAsync();
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), body[..Math.Min(body.Length, 2_000)]);
            var statuses = body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(statuses.Where(s => !s.Contains("\"status\":202", StringComparison.Ordinal)).Take(3), Is.Empty);
            Assert.That(statuses, Has.Length.EqualTo(chunk.Length));
            ids.AddRange(statuses.Select(s => JsonNode.Parse(s)!["id"]!.GetValue<string>()));
        }

        return ids;
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Producer.Http.GetAsync(new Uri(path, UriKind.Relative));
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>Awaits the end of a task and answers it.</summary>
    public Task<JsonNode> EndedAsync(JsonNode task, TimeSpan? limit = null) => Eventually.GetAsync(
        _ => GetAsync($"v1/tasks/{task["id"]}?wait=PT5S"),
        seen => seen["state"]?.GetValue<string>() is "succeeded" or "failed" or "cancelled" or "expired",
        limit ?? TimeSpan.FromSeconds(30));

    /// <summary>Awaits that nothing is open and nothing unpublished.</summary>
    public Task DrainedAsync(TimeSpan limit) => Eventually.GetAsync(
        async _ => (Open: await CountAsync("open_tasks"), Outbox: await CountAsync("outbox")), seen => seen is (0, 0), limit);

    /// <summary>Counts rows: <c>CountAsync("outcomes WHERE state = 4")</c>.</summary>
    public async Task<long> CountAsync(string from) => Convert.ToInt64(await ScalarAsync($"SELECT count(*) FROM messaging.{from}"), CultureInfo.InvariantCulture);

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>A new connection to the database: one from a pool may be from before the server's restart.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Connections.Postgres) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Ends everything. What the processes complained of goes to the test's output.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Consumers.Select(c => c.Process).Append(Producer?.Process))
        {
            foreach (var line in process?.Lines.Where(l => l.Contains("warn:", StringComparison.Ordinal) || l.Contains("fail:", StringComparison.Ordinal)).Take(20) ?? [])
                await TestContext.Out.WriteLineAsync($"{process!.Name}: {line}");
        }

        foreach (var consumer in Consumers)
            await consumer.DisposeAsync();
        if (Producer is not null)
            await Producer.DisposeAsync();
        foreach (var part in _parts)
            await part.DisposeAsync();
    }
}
