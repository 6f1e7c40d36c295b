using System.Text;

namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A service that submits tasks of one kind with one input through the library, in batches.</summary>
internal sealed class KindSubmitter : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "kind-submitter";

    /// <summary>Environment variable: the kind.</summary>
    public const string KindVariable = "BENCH_KIND";

    /// <summary>Environment variable: the input as JSON.</summary>
    public const string InputVariable = "BENCH_INPUT";

    private readonly string _kind = Environment.GetEnvironmentVariable(KindVariable)!;
    private readonly byte[] _input = Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable(InputVariable)!);
    private readonly LibraryStages _stages = new();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _stages.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => Callers.RunAsync(tasks, async count =>
    {
        var batch = Enumerable.Range(0, count).Select(_ => _stages.NewTask(_kind, _input)).ToArray();
        await Task.WhenAll(batch.Select(task => _stages.SubmitAsync(task, cancellationToken)));
        return batch[^1].Id;
    });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stages.DisposeAsync();
}
