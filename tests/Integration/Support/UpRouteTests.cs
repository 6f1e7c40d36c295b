using Messaging.Tests.Dev;
using Messaging.Tests.Dev.Up;
using Messaging.Tests.Support.Servers;

namespace Messaging.Tests.Integration.Support;

public sealed class UpRouteTests
{
    private static readonly DockerEngine Engine = new("28.5.2", "2.40.3");

    [Test]
    public void Installed_servers_are_used_unless_containers_are_asked_for()
    {
        var local = UpRoute.Choose(new UpOptions(), serversInstalled: true, engine: null);
        Assert.That(local.Engine, Is.Null);
        Assert.That(local.Sentence, Does.Contain("processes of this machine").And.Contain("--docker"));

        var asked = UpRoute.Choose(new UpOptions { Docker = true }, serversInstalled: true, Engine);
        Assert.That(asked.Engine, Is.EqualTo(Engine));
        Assert.That(asked.Sentence, Does.Contain("Docker 28.5.2").And.Contain("--docker"));
    }

    [Test]
    public void Without_installed_servers_containers_are_taken_where_an_engine_answers()
    {
        Assert.That(UpRoute.Choose(new UpOptions(), serversInstalled: false, Engine).Engine, Is.EqualTo(Engine));

        var neither = UpRoute.Choose(new UpOptions(), serversInstalled: false, engine: null);
        Assert.That(neither.Engine, Is.Null);
        Assert.That(neither.Sentence, Does.Contain("no Docker engine answers"));
    }

    [Test]
    public void Containers_that_are_asked_for_are_never_replaced_by_processes()
        => Assert.That(
            () => UpRoute.Choose(new UpOptions { Docker = true }, serversInstalled: true, engine: null),
            Throws.TypeOf<ServerStartException>().With.Message.Contains("--docker"));

    [Test]
    public void A_data_folder_is_not_for_containers()
        => Assert.That(() => UpOptions.Parse(["--docker", "--data", "/tmp"]), Throws.TypeOf<UsageException>().With.Message.Contains("--data"));
}
