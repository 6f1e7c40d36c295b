namespace Messaging.Tests.Benchmarks.Roles;

/// <summary>A service that submits through the library.</summary>
/// <param name="stages">The library; ends with the role.</param>
internal sealed class LibrarySubmitter(LibraryStages stages) : IRole
{
    /// <summary>The role's name.</summary>
    public const string Name = "library-submitter";

    /// <summary>The role's name where nothing that is accepted gets published.</summary>
    public const string WithoutRelay = "library-submitter-without-relay";

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => stages.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<RoleReport> RunAsync(int tasks, CancellationToken cancellationToken) => Callers.RunAsync(tasks, async count =>
    {
        var last = Guid.Empty;
        var commits = new Task[count];
        for (var i = 0; i < count; i++)
        {
            var task = stages.NewTask(Payload.Kind, Payload.Input(Payload.Text));
            last = task.Id;
            commits[i] = stages.SubmitAsync(task, cancellationToken);
        }

        await Task.WhenAll(commits);
        return last;
    });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => stages.DisposeAsync();
}
