using Messaging.Contracts.Kinds;
using Microsoft.Extensions.Options;

namespace Messaging.Consumers.Runtime;

/// <summary>
/// What a worker process listens on and how much it runs at once. Read and checked once, when the worker is put into its host;
/// from the configuration section <see cref="Section"/>, the environment (<c>Messaging__Worker__Queues</c>) or the command line.
/// </summary>
public sealed class WorkerOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Messaging:Worker";

    /// <summary>The command line's short names: <c>--queues a,b --concurrency 200</c>.</summary>
    public static IDictionary<string, string> Switches { get; } = new Dictionary<string, string>
    {
        ["--queues"] = $"{Section}:{nameof(Queues)}",
        ["--concurrency"] = $"{Section}:{nameof(Concurrency)}",
        ["--health-port"] = $"{Section}:{nameof(HealthPort)}",
    };

    /// <summary>The task queues to listen on, joined by commas. Default: <c>default</c>.</summary>
    public string Queues { get; set; } = KindDescription.DefaultQueue;

    /// <summary>
    /// Slots: how many tasks run at once, 1 to 100,000. Default 100. A task that waits for something else costs a few kilobytes,
    /// so workers of I/O-bound kinds may have thousands; for kinds that compute, a few per processor are right.
    /// </summary>
    public int Concurrency { get; set; } = 100;

    /// <summary>
    /// How many callbacks are sent at once, beside <see cref="Concurrency"/>: tasks of the queue <c>callbacks</c> have slots of their own, so that receivers that
    /// are slow to answer keep no other task waiting. Default 100; 1 to 10,000. Of no account to a worker that does not listen on that queue.
    /// </summary>
    public int CallbackConcurrency { get; set; } = 100;

    /// <summary>
    /// How many unacknowledged deliveries the broker may have sent for each queue. As many as there are slots: a task that goes alone
    /// then never waits in a worker's memory while another worker is idle, and packs keep the slots busy between two deliveries.
    /// From 4 to 20,000: with fewer than slots, tasks that go alone could not fill them.
    /// </summary>
    public int Prefetch => Math.Clamp(Concurrency, 4, 20_000);

    /// <summary>
    /// How long a delivered task may wait for a free slot before it goes back to the queue, for others to take. Default 2 seconds;
    /// 50 milliseconds to 1 minute. Longer hoards tasks that another worker could run, shorter sends them round for nothing.
    /// </summary>
    public TimeSpan HandBackAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A delivery is acknowledged no later than this, its tasks still running: their claims carry them. Default 5 minutes;
    /// 100 milliseconds to 10 minutes, which is a third of the broker's default <c>consumer_timeout</c>.
    /// </summary>
    public TimeSpan AckAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a handler may ignore its cancelled token before its attempt is recorded without it. Default 30 seconds; up to 1 hour.
    /// Its slot stays taken until it really ends.
    /// </summary>
    public TimeSpan HandlerGrace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long running tasks may go on after SIGTERM before they are stopped and handed back, which spends no attempt.
    /// Default 25 seconds, inside the 30 that Kubernetes grants; up to 1 hour. A second signal ends it.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>The port of <c>/health/live</c> and <c>/health/ready</c>. Default 0: none.</summary>
    public int HealthPort { get; set; }

    /// <summary>The IP address of the health port. Default <c>127.0.0.1</c>; <c>0.0.0.0</c> where a probe comes from outside.</summary>
    public string HealthAddress { get; set; } = "127.0.0.1";

    /// <summary>Lets a worker listen on these queues where no setting says otherwise.</summary>
    /// <param name="configuration">The worker's configuration; what it has already goes before.</param>
    /// <param name="queues">Their names.</param>
    public static void ListenByDefault(IConfigurationBuilder configuration, params string[] queues)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        configuration.Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource
        {
            InitialData = [new($"{Section}:{nameof(Queues)}", string.Join(',', queues))],
        });
    }

    /// <summary><see cref="Queues"/>, taken apart.</summary>
    public IReadOnlyList<string> QueueNames => Queues.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="OptionsValidationException">A value is of another type or out of its bounds; names the setting, the value and the bounds.</exception>
    public static WorkerOptions Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var options = Bind(configuration.GetSection(Section));
        var faults = WorkerOptionsCheck.Faults(options).ToArray();
        return faults.Length == 0 ? options : throw new OptionsValidationException(Section, typeof(WorkerOptions), faults);
    }

    private static WorkerOptions Bind(IConfigurationSection section)
    {
        try
        {
            return section.Get<WorkerOptions>() ?? new WorkerOptions();
        }
        catch (InvalidOperationException e)
        {
            throw new OptionsValidationException(Section, typeof(WorkerOptions), [e.Message]);
        }
    }
}
