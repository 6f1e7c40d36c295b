using System.Collections.Concurrent;
using System.Reflection;
using Messaging.Consumers;
using Messaging.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging.Tests.Integration.Runtime;

/// <summary>What the program of somebody's own worker calls, in this process: with services, settings and logging of its own, and its exit codes.</summary>
[CancelAfter(120_000)]
public sealed class MessagingWorkerTests
{
    private static readonly Assembly Handlers = typeof(SayHandler).Assembly;

    [Test]
    public async Task What_a_program_configures_counts_starts_before_the_workers_parts_and_stops_after_them(CancellationToken cancellationToken)
    {
        await using var ledger = await TestLedger.CreateAsync();
        await using var broker = await TestBroker.CreateAsync(cancellationToken);
        var probe = new Probe();
        var own = new OwnPart(() => ledger.CountAsync("workers"));
        using var logged = new KeptLines();
        var running = MessagingWorker.RunAsync(
            ["--concurrency", "3"],
            builder =>
            {
                builder.Configuration.AddInMemoryCollection(
                    new Dictionary<string, string?> { ["Messaging:Postgres"] = ledger.ConnectionString, ["Messaging:RabbitMq"] = broker.Uri.ToString() });
                builder.Logging.ClearProviders().AddProvider(logged);
                builder.Services.AddSingleton(probe); // what the handler asks for
                builder.Services.AddHostedService(services => own.In(services));
            },
            Handlers);
        var task = ledger.NewTask("""{"text":"hi"}""", kind: "test.say");
        await ledger.Submit.SubmitAsync(task, cancellationToken);
        await Eventually.GetAsync(_ => ledger.CountAsync("outcomes WHERE state = 4"), ended => ended == 1, TimeSpan.FromSeconds(60), cancellationToken);
        var slots = await ledger.ScalarAsync("SELECT slots FROM messaging.workers");

        own.Lifetime!.StopApplication();
        var exit = await running.WaitAsync(cancellationToken);

        Assert.That(exit, Is.Zero);
        Assert.That(probe.Runs[task.Id], Is.EqualTo(1));
        Assert.That(slots, Is.EqualTo(3), "the command line counts as ever");
        Assert.That(own.Workers, Is.EqualTo(new[] { "start 0", "stop 0" }), "the worker was not there yet, and not there any more");
        Assert.That(logged.Lines, Has.Some.Contains("test.say").And.Some.StartsWith("Drained"), "by the program's own logging");
    }

    [TestCase("--concurrency", "0", TestName = "A setting out of its bounds is 2")]
    [TestCase("--concurrency", "many", TestName = "A setting of another type is 2")]
    [TestCase("--queues", "Not A Queue", TestName = "A bad queue is 2")]
    [TestCase("--Messaging:Postgres", "", TestName = "A missing setting is 2")]
    [TestCase("--Messaging:Retention:Audit", "-1.00:00:00", TestName = "A bad setting of any part is 2")]
    public async Task Wrong_settings_are_2(string setting, string value)
    {
        var configured = false;
        var exit = await RunAsync(_ => configured = true, setting, value);

        Assert.That(exit, Is.EqualTo(2));
        Assert.That(configured, Is.True);
    }

    [Test]
    public async Task What_a_program_configures_wrongly_is_2_as_well() => Assert.That(
        await RunAsync(builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Messaging:Worker:Concurrency"] = "0" })), Is.EqualTo(2));

    [Test]
    public async Task A_program_without_handlers_is_2() => Assert.That(await MessagingWorker.RunAsync([], typeof(TestAttribute).Assembly), Is.EqualTo(2));

    /// <summary>Runs a worker whose servers are nowhere: with good settings it would wait for them.</summary>
    private static Task<int> RunAsync(Action<HostApplicationBuilder> configure, params string[] settings) => MessagingWorker
        .RunAsync(["--Messaging:Postgres", "Host=127.0.0.1;Port=1", "--Messaging:RabbitMq", "amqp://127.0.0.1:1", .. settings], configure, Handlers)
        .WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

    /// <summary>A part of the program's own, that looks at the ledger's workers when it starts and stops.</summary>
    private sealed class OwnPart(Func<Task<long>> workers) : IHostedService
    {
        public IHostApplicationLifetime? Lifetime { get; private set; }

        public List<string> Workers { get; } = [];

        public OwnPart In(IServiceProvider services)
        {
            Lifetime = services.GetRequiredService<IHostApplicationLifetime>();
            return this;
        }

        public async Task StartAsync(CancellationToken cancellationToken) => Workers.Add($"start {await workers()}");

        public async Task StopAsync(CancellationToken cancellationToken) => Workers.Add($"stop {await workers()}");
    }

    private sealed class KeptLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
