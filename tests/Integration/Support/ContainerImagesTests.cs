using System.Text.RegularExpressions;
using Messaging.Tests.Support.Containers;
using Messaging.Tests.Support.Processes;

namespace Messaging.Tests.Integration.Support;

public sealed class ContainerImagesTests
{
    [Test]
    public void Tests_in_containers_run_against_the_lines_that_the_compose_file_starts()
    {
        var images = Regex.Matches(File.ReadAllText(Path.Combine(BuiltOutput.RepositoryRoot, "docker-compose.yml")), @"image: (\S+)").Select(match => match.Groups[1].Value);
        Assert.That(images, Is.EquivalentTo(new[] { ContainerImages.Postgres, ContainerImages.RabbitMq.Replace("-management", "", StringComparison.Ordinal) }));
    }
}
