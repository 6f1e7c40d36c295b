namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A service that submits through the library.</summary>
internal sealed class LibrarySubmitter : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "library-submitter";

    private readonly LibraryStages _stages = new();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => _stages.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => Callers.RunAsync(tasks, async count =>
    {
        var last = Guid.Empty;
        var commits = new Task[count];
        for (var i = 0; i < count; i++)
        {
            var task = _stages.NewTask(Payload.Kind, Payload.Input(Payload.Text));
            last = task.Id;
            commits[i] = _stages.SubmitAsync(task, cancellationToken);
        }

        await Task.WhenAll(commits);
        return last;
    });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stages.DisposeAsync();
}
