using System.Xml.Linq;
using Messaging.Contracts.Client;
using Messaging.Contracts.Http;
using Messaging.Contracts.Kinds;
using Messaging.Contracts.Tasks;
using Messaging.Tests.Support;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.EndToEnd;

/// <summary>
/// A worker that somebody else writes: made of our packages alone, outside of this repository, with a kind that no other process was built with. And a
/// service that enqueues such tasks in its own transactions.
/// </summary>
public sealed class OwnWorkerTests
{
    private static readonly string[] Packed = ["Contracts", "EntityFramework", "Infrastructure", "Consumers"];

    [Test]
    [CancelAfter(280_000)]
    public async Task A_worker_made_of_our_packages_runs_a_kind_of_its_own(CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        // A version of its own: what an earlier run has left in the machine's cache of packages is another.
        var version = $"0.1.0-test.{Guid.NewGuid():N}";
        await PackAsync(folder, version, cancellationToken);
        var worker = await BuildAsync(folder, "OwnWorker", version, cancellationToken);
        var shop = await BuildAsync(folder, "OwnShop", version, cancellationToken);

        Assert.That(
            await File.ReadAllTextAsync(Path.ChangeExtension(worker, ".runtimeconfig.json"), cancellationToken),
            Does.Contain("\"System.Threading.ThreadPool.UnfairSemaphoreSpinLimit\": 0").And.Contain("\"System.Runtime.TieredCompilation.QuickJit\": false")
                .And.Contain("\"System.Runtime.TieredCompilation.CallCountingDelayMs\": 0").And.Contain("\"System.GC.Server\": true"),
            "built as the stock worker is");

        var misled = await Command.RunAsync(
            BuiltOutput.DotnetHost, ["exec", worker, "--concurrency", "0"], new Dictionary<string, string?> { ["DOTNET_ENVIRONMENT"] = null }, cancellationToken);
        Assert.That(misled.ExitCode, Is.EqualTo(2), misled.Output);
        Assert.That(misled.Output.Trim(), Is.EqualTo("Messaging:Worker:Concurrency is '0'; it must be from 1 to 100000."), "one line, and nothing else");

        await using var system = await RunningSystem.StartAsync(consumers: 0);
        using var client = new HttpTaskClient(new MessagingClientOptions { BaseAddress = system.Producer.Address });
        // The producer has met the kind's absence before its worker comes.
        Assert.That(async () => await client.SubmitAsync(new CountWords("to be")), Refused(422, ProblemTypes.UnknownKind));
        var environment = new Dictionary<string, string?>
        {
            ["Messaging__Postgres"] = system.Connections.Postgres,
            ["Messaging__RabbitMq"] = system.Connections.RabbitMq.ToString(),
            ["Messaging__Worker__Concurrency"] = "4",
            ["DOTNET_ENVIRONMENT"] = null,
        };
        await using var process = ManagedProcess.Start("own-worker", BuiltOutput.DotnetHost, ["exec", worker], environment, folder: Path.GetDirectoryName(worker));
        await Eventually.GetAsync(async _ => await system.CountAsync("kinds WHERE name = 'text.count-words'"), known => known == 1, TimeSpan.FromSeconds(60));

        var handle = await client.SubmitAsync(new CountWords("to be or not to be", ["or"]), cancellationToken: cancellationToken);
        var but = await handle.ResultAsync(cancellationToken);
        var progress = await handle.Progress.ToListAsync(cancellationToken);
        var all = await CountAsync(client);
        var empty = await client.SubmitAsync(new CountWords(" "), cancellationToken: cancellationToken);

        Assert.That(but, Is.EqualTo(new WordCount(5, "not")));
        Assert.That(all, Is.EqualTo(new WordCount(6, "not")));
        Assert.That(progress, Is.EqualTo(new[] { new TaskProgress(50, "6 words found") }));
        Assert.That(async () => await empty, Throws.InstanceOf<TaskFailedException>()
            .With.Property(nameof(TaskFailedException.Failure)).Property(nameof(TaskFailure.Code)).EqualTo("no-words"));
        var refused = Assert.ThrowsAsync<ProblemException>(async () => await client.SubmitAsync(new CountWords("")))!;
        Assert.That(refused.Type, Is.EqualTo(ProblemTypes.InvalidInput), "the stock producer checks by the schema that the worker has brought");
        Assert.That(refused.Errors.Select(e => e.Pointer), Is.EqualTo(new[] { "#/input/text" }));

        var sold = await Command.RunAsync(
            BuiltOutput.DotnetHost, ["exec", shop, system.Connections.Postgres, "in a transaction of the shop's own"], environment, cancellationToken);
        Assert.That(sold.Succeeded, Is.True, sold.Output);
        var counted = client.Attach<WordCount>(Guid.Parse(sold.Output.Trim()));
        Assert.That(await counted.ResultAsync(cancellationToken), Is.EqualTo(new WordCount(7, "transaction")));
        Assert.That(await system.CountAsync("task_callbacks k JOIN public.texts t ON t.task = k.task_id WHERE k.url = 'https://shop.example/counted'"), Is.EqualTo(1));

        Assert.That(await process.StopAsync(TimeSpan.FromSeconds(30), cancellationToken), Is.True, "it drains and ends when it is told to");
        Assert.That(await process.Exit, Is.Zero);
    }

    /// <summary>As docs/own-worker.md has it.</summary>
    private static async Task<WordCount> CountAsync(HttpTaskClient client)
    {
        var count = await client.RunAsync(new CountWords("to be or not to be"));
        return count;
    }

    private static NUnit.Framework.Constraints.EqualStringConstraint Refused(int status, string type) => Throws.InstanceOf<ProblemException>()
        .With.Property(nameof(ProblemException.Status)).EqualTo(status).And.Property(nameof(ProblemException.Type)).EqualTo(type);

    private static async Task PackAsync(TestFolder folder, string version, CancellationToken cancellationToken)
    {
        foreach (var packed in Packed)
        {
            await DotnetAsync(
                cancellationToken, "pack", Path.Combine(BuiltOutput.RepositoryRoot, packed), "--no-build", "-c", BuiltOutput.Configuration, "-o", folder.File("packages"),
                $"-p:Version={version}", $"-p:NuspecOutputPath={folder.File("nuspec")}");
        }
    }

    /// <summary>Builds a program of tests/ from the packages, in a folder without anything of this repository.</summary>
    private static async Task<string> BuildAsync(TestFolder folder, string name, string version, CancellationToken cancellationToken)
    {
        var copy = Directory.CreateDirectory(folder.File(name)).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(BuiltOutput.RepositoryRoot, "tests", name)))
            File.Copy(file, Path.Combine(Path.GetFileName(file) == "nuget.config" ? folder.File("") : copy, Path.GetFileName(file)));
        var project = Path.Combine(copy, $"{name}.csproj");
        var named = XDocument.Load(project);
        named.Descendants("PackageReference").Single().SetAttributeValue("Version", version);
        named.Save(project);

        // Ours go to a cache of the test's; all others are taken from the machine's if they are there.
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var output = folder.File($"{name}.out");
        await DotnetAsync(
            cancellationToken, "build", project, "-c", "Release", "-o", output, $"-p:RestorePackagesPath={folder.File("cache")}", $"-p:RestoreAdditionalProjectFallbackFolders={cache}");
        return Path.Combine(output, $"{name}.dll");
    }

    private static async Task DotnetAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var done = await Command.RunAsync(
            BuiltOutput.DotnetHost, [.. arguments, "--nologo", "-v", "quiet", "--disable-build-servers"], cancellationToken: cancellationToken);
        Assert.That(done.Succeeded, Is.True, $"dotnet {string.Join(' ', arguments)}\n{done.Output}");
    }

    /// <summary>The caller's own idea of the kind: the name and the shape are all that both sides share.</summary>
    [TaskKind("text.count-words")]
    internal sealed record CountWords(string Text, IReadOnlyList<string>? Except = null) : ITaskInput<WordCount>;

    internal sealed record WordCount(int Words, string Longest);
}
