using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Infrastructure.Store.Claim;
using Messaging.Infrastructure.Store.Connections;
using Messaging.Infrastructure.Store.Finish;
using Messaging.Infrastructure.Store.Kinds;
using Messaging.Tests.Integration.OpenApi;
using Messaging.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Tests.Integration.Http;

/// <summary>The producer as it is, on a real port and a ledger of its own; what a worker would do is done through the stages.</summary>
public sealed class ProducerHarness : IAsyncDisposable
{
    /// <summary>Nobody listens there: the producer accepts without a broker, and no worker comes in between.</summary>
    private const string NoBroker = "amqp://nobody:nothing@127.0.0.1:1/";

    private readonly IAsyncDisposable? _database;
    private long _claims;

    private ProducerHarness(WebApplication app, IAsyncDisposable? database, Uri address)
    {
        App = app;
        _database = database;
        Address = address;
        Client = new HttpClient(new DocumentedAnswers(new SocketsHttpHandler())) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(100) };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>Starts a producer on a database of its own, in which a worker has registered the built-in kinds.</summary>
    public static async Task<ProducerHarness> StartAsync(params string[] settings)
    {
        var database = await TestDatabase.CreateAsync(TestLedger.MigrateAsync);
        return await StartOnAsync(database.ConnectionString, database, settings);
    }

    /// <summary>Starts a producer on a database that is the caller's.</summary>
    public static async Task<ProducerHarness> StartOnAsync(string postgres, IAsyncDisposable? database, params string[] settings)
    {
        // What it has accepted it can't publish, and its stop need not wait for that.
        var app = Producer.Program.Build(
            ["--urls=http://127.0.0.1:0", $"--Messaging:Postgres={postgres}", $"--Messaging:RabbitMq={NoBroker}", "--Messaging:Relay:StopPatience=00:00:00", .. settings]);
        await app.StartAsync();
        var parts = app.Services.GetRequiredService<Producer.StartBehindServer>();
        await parts.Starting;
        Assert.That(parts.Failure, Is.Null);
        var harness = new ProducerHarness(app, database, new Uri(app.Urls.Single()));
        await harness.RegisterAsync(KindDescription.Of(typeof(DebugEcho)), KindDescription.Of(typeof(HttpFetch)));
        return harness;
    }

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    /// <summary>Registers kinds, as a worker does at its start.</summary>
    public Task RegisterAsync(params KindDescription[] kinds) => Get<KindRegistry>().UpsertAsync(kinds, CancellationToken.None);

    public Task<HttpResponseMessage> PostAsync(string path, string body, string type = "application/json")
    {
        var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return Client.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative));

    /// <summary>Submits a task and answers what the service says of it; fails unless it was accepted.</summary>
    public async Task<TaskResponse> SubmitAsync(string more = "", string input = """{"message":"hello"}""", string kind = "debug.echo")
    {
        using var answer = await PostAsync("/v1/tasks", $$"""{"kind":"{{kind}}","input":{{input}}{{more}}}""");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Accepted), await answer.Content.ReadAsStringAsync());
        return await ReadAsync<TaskResponse>(answer);
    }

    public async Task<TaskResponse> FindAsync(Guid id)
    {
        using var answer = await GetAsync($"/v1/tasks/{id}");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return await ReadAsync<TaskResponse>(answer);
    }

    /// <summary>Claims a task, as a worker would.</summary>
    public async Task<Claimed> ClaimAsync(Guid id) =>
        (await Get<ClaimStage>().ClaimAsync(new ClaimRequest(id, new Fence(Worker, Interlocked.Increment(ref _claims))), CancellationToken.None))!;

    /// <summary>The worker that claims: an instance that beats, or its claims would be taken over within a minute.</summary>
    public Guid Worker => Get<InstanceIdentity>().Id;

    /// <summary>Claims a task and ends it.</summary>
    public async Task EndAsync(Guid id, TaskState state = TaskState.Succeeded, string? result = """{"message":"hello","attempt":1}""", TaskFailure? failure = null)
    {
        var claimed = await ClaimAsync(id);
        ReadOnlyMemory<byte>? stored = result is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(result);
        await FinishAsync(new Ended(id, claimed.Fence, claimed.Attempt, state, stored, failure));
    }

    /// <summary>The task with a tag, once there is one.</summary>
    public async Task<Guid> IdOfTagAsync(string tag) => (Guid)(await Eventually.GetAsync(
        _ => ScalarAsync($"SELECT task_id FROM messaging.task_tags WHERE tag = '{tag}'"), found => found is Guid))!;

    public async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Get<LedgerConnections>().Control.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public async Task FinishAsync(Finish finish) =>
        Assert.That(await Get<FinishStage>().FinishAsync(finish, CancellationToken.None), Is.EqualTo(FinishAnswer.Recorded));

    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<T>(await answer.Content.ReadAsByteArrayAsync(), HttpJson.Options)!;

    /// <summary>Asserts that an answer is a problem of one type and status, and reads it.</summary>
    public static async Task<Problem> ProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string type)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(status), text);
            Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo(Problem.MediaType), text);
        });
        var problem = JsonSerializer.Deserialize<Problem>(text, HttpJson.Options)!;
        Assert.Multiple(() =>
        {
            Assert.That(problem.Type, Is.EqualTo(type), text);
            Assert.That(problem.Status, Is.EqualTo((int)status));
            Assert.That(problem.Title, Is.Not.Empty);
            Assert.That(problem.TraceId, Has.Length.EqualTo(32));
        });
        return problem;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }
}
