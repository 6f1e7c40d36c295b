using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

/// <summary>Where servers are looked for when a place is given: there and nowhere else.</summary>
[NonParallelizable]
public sealed class ServerBinariesTests
{
    private readonly Dictionary<string, string?> _before = [];
    private string _folder = null!;

    [SetUp]
    public void Remember()
    {
        foreach (var variable in new[] { ServerBinaries.PostgresVariable, ServerBinaries.RabbitMqVariable })
            _before[variable] = Environment.GetEnvironmentVariable(variable);
        _folder = Directory.CreateTempSubdirectory("messaging-programs-").FullName;
    }

    [TearDown]
    public void Restore()
    {
        foreach (var (variable, value) in _before)
            Environment.SetEnvironmentVariable(variable, value);
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public void A_place_without_the_server_is_an_error_that_names_it_and_never_another_server()
    {
        Environment.SetEnvironmentVariable(ServerBinaries.PostgresVariable, _folder);
        Environment.SetEnvironmentVariable(ServerBinaries.RabbitMqVariable, _folder);

        Assert.That(ServerBinaries.Postgres, Throws.TypeOf<ServerStartException>().With.Message.Contains(_folder).And.Message.Contains("initdb"));
        Assert.That(ServerBinaries.RabbitMq, Throws.TypeOf<ServerStartException>().With.Message.Contains(_folder).And.Message.Contains("rabbitmq-server"));
    }

    [Test]
    public void Programs_in_a_folder_of_their_own_run_on_this_system()
    {
        Make("bin/initdb");
        Make("sbin/rabbitmq-server");
        Environment.SetEnvironmentVariable(ServerBinaries.PostgresVariable, _folder);
        Environment.SetEnvironmentVariable(ServerBinaries.RabbitMqVariable, _folder);

        Assert.That(ServerBinaries.Postgres(), Is.EqualTo(new PostgresPrograms(SystemRoot.Own, Path.Combine(_folder, "bin"))));
        Assert.That(ServerBinaries.RabbitMq()!.Server, Is.EqualTo(Path.Combine(_folder, "sbin", "rabbitmq-server")));
        Assert.That(ServerBinaries.RabbitMq()!.Control, Is.EqualTo(Path.Combine(_folder, "sbin", "rabbitmqctl")));
    }

    [Test]
    public void Another_systems_programs_are_found_by_their_paths_in_it_the_newest_first()
    {
        Make("etc/debian_version");
        Make("usr/lib/postgresql/14/bin/postgres");
        Make("usr/lib/postgresql/17/bin/postgres");
        Make("usr/lib/postgresql/18/bin/postgres");
        Make("usr/lib/rabbitmq/bin/rabbitmq-server");
        Make("usr/bin/epmd");
        Environment.SetEnvironmentVariable(ServerBinaries.PostgresVariable, _folder);
        Environment.SetEnvironmentVariable(ServerBinaries.RabbitMqVariable, _folder);
        if (!UnixUser.IsRoot)
        {
            Assert.That(ServerBinaries.Postgres, Throws.TypeOf<ServerStartException>().With.Message.Contains("root"));
            return;
        }

        var postgres = ServerBinaries.Postgres()!;
        Assert.That(postgres.Folder, Is.EqualTo("/usr/lib/postgresql/18/bin"));
        Assert.That(ServerBinaries.RabbitMq()!.Names, Is.EqualTo("/usr/bin/epmd"));
        var (program, arguments) = postgres.Root.Enter("/var/tmp/data", "/usr/bin/true", ["-x"]);
        Assert.That(program, Is.EqualTo("unshare"));
        Assert.That(arguments.Skip(arguments.Count - 4), Is.EqualTo(new[] { _folder, "/var/tmp", "/usr/bin/true", "-x" }), "what lies beside the data is seen too");
    }

    private void Make(string path)
    {
        var full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, "");
    }
}
